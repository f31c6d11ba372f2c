"""A form's answers as people write them: `name=value` words, or a flat YAML mapping."""

from collections.abc import Iterable

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from schemas.errors import DefinitionError, UsageError


def from_words(words: Iterable[str]) -> dict[str, str]:
    """Read `name=value` words; the value is all after the first `=`. Raises `UsageError`."""
    answers: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"{word!r:.60} is no answer", todo="Write it as name=value.")
        if name.strip() in answers:
            raise UsageError(f"{name.strip()} is answered twice")
        answers[name.strip()] = value
    return answers


def from_yaml(text: str, file: str) -> dict[str, str]:
    """Read a flat mapping. Values are taken as they are written: 007 stays 007.

    Raises `DefinitionError` with the place of what is none.
    """
    try:
        tree = YAML(typ="base", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        raise DefinitionError(f"not YAML: {error.problem}", on=file, line=line, column=column) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise DefinitionError(f"not YAML: {error}", on=file) from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise DefinitionError("answers are a mapping of names to values", on=file, todo="Write: name: value")
    for name, value in tree.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise DefinitionError(
                f"the answer {name!s:.60} is not one value", on=file, todo="Write: name: value"
            )
    return dict(tree)
