"""Definition files as a request carries them: by name, as they would lie in a folder."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from processors.yaml_documents import Placed, parse
from streams.api.texts import CLOSED

_MOST_IN_ALL = 300_000

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Yaml = Annotated[str, StringConstraints(max_length=_MOST_IN_ALL)]


class DefinitionFiles(BaseModel):
    """YAML files of definitions by name, with everything that they name; 300,000 characters in all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: Annotated[dict[FileName, Yaml], CLOSED] = Field(min_length=1, max_length=50)

    @field_validator("files")
    @classmethod
    def _are_not_too_much(cls, value: dict[str, str]) -> dict[str, str]:
        if sum(map(len, value.values())) > _MOST_IN_ALL:
            raise ValueError(f"the files have more than {_MOST_IN_ALL} characters in all")
        return value


def placed_of(files: Mapping[str, str]) -> list[Placed]:
    """Read every document. Raises `DefinitionError` with file, line and column."""
    return [each for name, text in files.items() for each in parse(text, name)]
