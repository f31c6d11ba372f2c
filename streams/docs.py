"""Writes the pages of `docs/` that are generated: settings, topics, commands.

`make docs` runs it; a test compares what it would write with what is checked in.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import orjson
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from schemas.contracts import file_name
from schemas.errors import ExitCode
from schemas.topics import TABLES, TOPICS, Cleanup, Topic
from streams.api.app import make_app
from streams.api.description import openapi
from streams.cli.tree import app
from streams.configuration import describe
from streams.definition_schema import editor_schema
from streams.settings import PREFIX, Settings

FOLDER = Path(__file__).parents[1] / "docs"
_NOTE = "<!-- Written by `make docs`; change the code, not this page. -->\n"

_EXIT_SENTENCES: Mapping[ExitCode, str] = {
    ExitCode.OK: "All went as asked.",
    ExitCode.INCOMPLETE: "It ran and something is left: a check differs, a deal is missing, it was stopped.",
    ExitCode.USAGE: "The command was asked something it cannot do.",
    ExitCode.DATA: "A definition or a record does not hold; the message says where.",
    ExitCode.UNAVAILABLE: "Another system does not answer; trying again may help.",
    ExitCode.SOFTWARE: "A promise of ours does not hold. This is a bug.",
    ExitCode.TEMPORARY: "It must be started again, or events are known to be missing; the message says.",
    ExitCode.REFUSED: "Another system said no; somebody must change something there.",
    ExitCode.CONFIGURATION: "A setting or a file is wrong; nothing was done.",
}


_CONFIGURATION = """# Settings

One file, `dealwire.toml` (another one: `--config` or `DEALWIRE_CONFIG`), and the environment over it. A dot
in a key is a table in the file and two underscores in a variable. A secret never stands in the file: set its
variable, or write where to read it, `{ file = "/run/secrets/name" }` or `{ env = "NAME" }`.
`dealwire config show` prints what is in force and where each value came from.

| key | form | default | what it is | variable |
|---|---|---|---|---|
"""

_TOPICS = """# Topics and contracts

The one table is `schemas/topics.py`; `dealwire topics plan` compares it with a cluster and
`dealwire topics apply` makes the cluster agree. Values are Avro in Confluent's wire format, headers are
CloudEvents 1.0 in binary mode with `traceparent`. Keyed topics have equal partition counts, the partitioner
is murmur2 as Java clients have it, the records of a key are in order. Public topics stay `FULL_TRANSITIVE`:
new fields have a default, nothing is taken away; what cannot be said that way is a new topic beside the old
one. Every record may come twice, with the same `ce_id`.

| topic | key | contract | kept | for whom | writer → readers |
|---|---|---|---|---|---|
"""

_TABLES = """
## Tables of the agents

| changelog (after the group prefix) | key | holds |
|---|---|---|
"""

_EXIT_CODES = """## Exit codes

| code | name | meaning |
|---|---|---|
"""


def configuration() -> str:
    """Give the page of every setting."""
    rows = (
        f"| `{key}` | {_kind(field)} | {_default(field)} | {field.description or ''} | `{_variable(key)}` |\n"
        for key, field in describe(Settings)
    )
    return _NOTE + _CONFIGURATION + "".join(rows)


def topics() -> str:
    """Give the page of every topic, table and contract."""
    tables = (
        f"| `{table.app}-{table.name}-changelog` | `{table.key}` | {table.holds} |\n" for table in TABLES
    )
    return _NOTE + _TOPICS + "".join(map(_topic_row, TOPICS.values())) + _TABLES + "".join(tables)


def commands() -> str:
    """Give the page of every command and exit code."""
    sections = (
        f"## `{name}`\n\n{help_text}\n\n{options}\n\n"
        for name, help_text, options in _commands(app, "dealwire")
    )
    codes = (f"| {code.value} | `{code.name}` | {sentence} |\n" for code, sentence in _EXIT_SENTENCES.items())
    return _NOTE + "# Commands\n\n" + "".join(sections) + _EXIT_CODES + "".join(codes)


def api() -> str:
    """Give the OpenAPI document of the HTTP API."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(openapi(make_app(None)), option=options).decode()


PAGES: Mapping[str, Callable[[], str]] = {
    "configuration.md": configuration,
    "topics.md": topics,
    "commands.md": commands,
    "contracts/api.json": api,
    "schema/definition.schema.json": editor_schema,
}


def main() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        FOLDER.joinpath(name).write_text(page(), "utf-8")


def _commands(command: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Walk the tree; typer's commands are click's in all but type."""
    context = click.Context(command, info_name=path)
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _commands(below, f"{path} {name}")
        return
    help_text = (command.help or "").strip()
    epilog = f"\n\n`{command.epilog.strip()}`" if command.epilog else ""
    rows = []
    for param in command.params:
        name = ", ".join(f"`{option}`" for option in param.opts) or f"`{param.name}`"
        if param.param_type_name == "argument":
            name = f"`{param.metavar or str(param.name).upper()}`"
        text = getattr(param, "help", None) or ""
        rows.append(f"| {name} | {text} |")
    table = "\n".join(["| option | what it does |", "|---|---|", *rows]) if rows else ""
    yield path, help_text + epilog, table


def _topic_row(topic: Topic) -> str:
    link = (
        f"[`{topic.record.ce_type}`](../schemas/avro/{file_name(topic.record)})"
        if topic.record is not None
        else "the bytes as they were, reason in headers"
    )
    kept = f"{topic.retention.days} days" if topic.retention is not None else "the latest of each key"
    if topic.retention is None and topic.cleanup is not Cleanup.COMPACT:
        kept = "as long as the cluster keeps records"
    partitions = ", 1 partition" if topic.single else ""
    whom = "**public**" if topic.public else "internal"
    way = f"{topic.writer} → {', '.join(topic.readers) or 'consumers'}"
    return f"| `{topic.name}` | `{topic.key}` | {link} | {kept}{partitions} | {whom} | {way} |\n"


def _kind(field: FieldInfo) -> str:
    text = str(getattr(field.annotation, "__name__", field.annotation))
    text = text if "[" not in str(field.annotation) else str(field.annotation)
    for noise in ("typing.", "pathlib.", "datetime.", "pydantic.types.", "pydantic.networks."):
        text = text.replace(noise, "")
    return "`" + text.replace("|", "\\|") + "`"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required" if field.default_factory is None else ""
    return f"`{field.default}`" if field.default not in ("", None) else ""


def _variable(key: str) -> str:
    return PREFIX + key.replace(".", "__").replace("<name>", "<NAME>").upper()


if __name__ == "__main__":
    main()
