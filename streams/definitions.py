"""Definition files: found, read, checked, and written to the topic `control`."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from connectors.kafka.config import KafkaConfig
from connectors.kafka.registry import HttpRegistry
from processors.applying import Applied, plan
from processors.catalogue import Catalogue
from processors.lint import lint
from processors.lint_library import ERROR, Finding, library
from processors.lint_org import OrgFacts, lint_against, lint_version
from processors.yaml_documents import Placed, parse
from schemas.definition.documents import Workflow, WorkflowVersion
from schemas.definition.flow import Publish
from schemas.errors import DefinitionError, UsageError
from schemas.topics import TOPICS
from streams.catalogue import LiveCatalogue
from streams.control import write
from streams.records import Records, connect
from streams.settings import Settings

_CONTROL = TOPICS["control"]


def read(paths: Sequence[Path]) -> list[Placed]:
    """Read every `.yaml` file named or found in the folders named. Raises `UsageError`, `DefinitionError`."""
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
        if not found or not found[0].is_file():
            raise UsageError(f"no definitions are at {path}", todo="Name a .yaml file or a folder of them.")
        files += found
    placed = []
    for file in files:
        try:
            placed += parse(file.read_text("utf-8"), str(file))
        except UnicodeDecodeError:
            raise DefinitionError("not a UTF-8 text", on=str(file)) from None
    return placed


def check(placed: Sequence[Placed]) -> list[Finding]:
    """Give every finding about these definitions."""
    return lint(placed, library(placed))


def held_to(placed: Sequence[Placed], org: OrgFacts) -> None:
    """Hold definitions to an org. Raises `DefinitionError` with everything that does not fit it."""
    _no_errors(lint_against(placed, org))


def version_held_to(version: WorkflowVersion, org: OrgFacts) -> None:
    """Hold a version that was applied to an org. Raises `DefinitionError` as `held_to` does."""
    _no_errors(lint_version(version, org), todo="Nothing was activated.")


async def apply(settings: Settings, placed: Sequence[Placed], *, dry_run: bool = False) -> list[Applied]:
    """Put definitions in force, and say what was done. Raises `DefinitionError` if one has an error."""
    _no_errors(check(placed))
    _may_publish(placed, settings.kafka)
    records, catalogue = await connected(settings)
    workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
    steps = list(plan(workflows, library(placed), catalogue, at=datetime.now(UTC), actor=getpass.getuser()))
    if not dry_run:
        write(settings.kafka, records, [record for step in steps for record in step.records])
    return steps


def _no_errors(findings: Sequence[Finding], todo: str = "Nothing was applied.") -> None:
    errors = [finding for finding in findings if finding.severity == ERROR]
    if errors:
        raise DefinitionError("\n".join(map(str, errors)), todo=todo)


def _may_publish(placed: Sequence[Placed], config: KafkaConfig) -> None:
    """Refuse a workflow that publishes to a topic which the platform team has not allowed."""
    for each in placed:
        for number, step in enumerate(each.document.steps if isinstance(each.document, Workflow) else ()):
            if isinstance(step, Publish) and step.topic not in config.publish_topics:
                line, column = each.place("steps", number, "topic")
                raise DefinitionError(
                    f"workflows may not publish to {step.topic}", on=each.file, line=line, column=column,
                    todo="Add it to kafka.publish_topics, and type: dealwire topics apply",
                )  # fmt: skip


async def connected(settings: Settings) -> tuple[Records, Catalogue]:
    """Give what encodes control records, and what is in force now. Raises `UnavailableError`."""
    records = await connect(HttpRegistry(settings.registry), settings.kafka, [_CONTROL])
    return records, await in_force(settings.kafka, records)


async def in_force(config: KafkaConfig, records: Records) -> Catalogue:
    """Read what is in force now. Raises `UnavailableError`."""
    live = LiveCatalogue(config, records)
    try:
        await live.start()
        return live.now
    finally:
        await live.stop()
