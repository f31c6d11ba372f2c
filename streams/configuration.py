"""Reads the settings: one file, `dealwire.toml`, and the environment over it. In one place, at start.

A secret never stands in the file itself: it comes from the environment, or the file names where to read it
(`client_secret = { file = "/run/secrets/salesforce" }` or `{ env = "SALESFORCE_SECRET" }`).
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from schemas.errors import ConfigurationError
from streams.settings import PREFIX, Settings

FILE_VARIABLE = "DEALWIRE_CONFIG"
DEFAULT_FILE = Path("dealwire.toml")
_REFERENCE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """The effective settings, and for each key that is not a default where it came from."""

    settings: Settings
    origins: Mapping[str, str]


def load(path: Path | None = None) -> Loaded:
    """Read the settings. `path` wins over `DEALWIRE_CONFIG`, which wins over `./dealwire.toml`.

    Raises `ConfigurationError` naming key, value, expected form and where the value stands.
    """
    file = path or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    if file is None and DEFAULT_FILE.is_file():
        file = DEFAULT_FILE
    from_file = _read(file) if file is not None else {}
    origins = {key: str(file) for key, _ in _leaves(from_file)}
    resolved = _resolved(from_file, Settings.model_fields, "", str(file), origins)
    from_env = _environment()
    origins |= {key: _variable(key) for key, _ in _leaves(from_env)}
    try:
        settings = Settings.model_validate(_merged(resolved, from_env))
    except ValidationError as error:
        raise _explained(error, origins) from None
    return Loaded(settings, origins)


def describe(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Give every setting below `model` as its dotted key and its declaration."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        below = _model_of(field)
        if below is None:
            yield key, field
        else:
            yield from describe(below, f"{key}.<name>." if _is_mapping(field) else f"{key}.")


def shown(loaded: Loaded) -> Iterator[tuple[str, str, str]]:
    """Give key, value as text with secrets masked, and origin of every effective setting."""
    for key, value in _leaves(loaded.settings.model_dump()):
        text = "********" if isinstance(value, SecretStr) else str(value)
        origin = next(
            (where for known, where in loaded.origins.items() if key == known or key.startswith(f"{known}.")),
            "default",
        )
        yield key, text, origin


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            "the settings file does not exist", on=str(file), todo="Check --config or DEALWIRE_CONFIG."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"the settings file cannot be read: {error}", on=str(file)) from None


def _environment() -> dict[str, Any]:
    try:
        values = EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise ConfigurationError(f"the environment cannot be read: {error}") from None
    for variable in os.environ:
        group = variable.removeprefix(PREFIX).partition("__")[0].lower()
        if variable.startswith(PREFIX) and "__" in variable and group not in Settings.model_fields:
            near = get_close_matches(group, Settings.model_fields, n=1)
            raise ConfigurationError(
                f"the environment variable {variable} names no setting",
                todo=f"Did you mean {PREFIX}{near[0].upper()}__…?" if near else "See docs/configuration.md.",
            )
    return {name: value for name, value in values.items() if name in Settings.model_fields}


def _resolved(
    values: Mapping[str, Any],
    fields: Mapping[str, FieldInfo],
    prefix: str,
    file: str,
    origins: dict[str, str],
) -> dict[str, Any]:
    """Replace references to secrets by the secrets, and refuse secrets that stand in the file."""
    result = dict(values)
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            continue
        key = f"{prefix}{name}"
        below = _model_of(field)
        if _is_secret(field):
            result[name], origins[key] = _secret(value, key, file)
        elif below is not None and isinstance(value, dict):
            if _is_mapping(field):
                result[name] = {
                    entry: _resolved(item, below.model_fields, f"{key}.{entry}.", file, origins)
                    if isinstance(item, dict)
                    else item
                    for entry, item in value.items()
                }
            else:
                result[name] = _resolved(value, below.model_fields, f"{key}.", file, origins)
    return result


def _secret(value: object, key: str, file: str) -> tuple[str, str]:
    match value:
        case {"env": str(variable)}:
            if variable not in os.environ:
                raise ConfigurationError(f"{key} names the variable {variable}, which is not set", on=file)
            return os.environ[variable], f"${variable} (named in {file})"
        case {"file": str(path)}:
            try:
                with Path(path).open(encoding="utf-8") as handle:
                    return handle.read(_REFERENCE_BYTES).strip(), f"{path} (named in {file})"
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"{key} names a file that cannot be read: {error}", on=file
                ) from None
        case _:
            raise ConfigurationError(
                f"{key} is a secret and must not stand in the settings file",
                on=file,
                todo=f'Set {_variable(key)}, or write {key.rpartition(".")[2]} = {{ file = "/path" }}.',
            )


def _explained(error: ValidationError, origins: Mapping[str, str]) -> ConfigurationError:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        secret = any(_is_secret(field) for name, field in describe(Settings) if _same(name, key))
        # A rule about several keys is shown without their values: one of them may be a secret.
        shown = not (secret or problem["type"] == "missing" or isinstance(problem.get("input"), Mapping))
        value = f" = {problem['input']!r}"[:120] if shown else ""
        where = next((place for known, place in origins.items() if known == key), None)
        lines.append(f"{key}{value}{f' (from {where})' if where else ''}: {problem['msg']}")
    return ConfigurationError(
        "; ".join(lines), todo="See docs/configuration.md for each key and the form it takes."
    )


def _same(pattern: str, key: str) -> bool:
    wanted, parts = pattern.split("."), key.split(".")
    return len(wanted) == len(parts) and all(
        name in ("<name>", part) for name, part in zip(wanted, parts, strict=True)
    )


def _variable(key: str) -> str:
    return PREFIX + key.replace(".", "__").upper()


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        known = result.get(name)
        result[name] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{key}.")
        else:
            yield key, value


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


def _is_mapping(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) is dict


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    candidates = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
