"""Tries a workflow on a sample, and says where what came of it is not what was expected."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from processors.sample import DEAL
from processors.what_if import Trial, draft_catalogue, simulate
from processors.what_if_answers import Script
from schemas.account import Account
from schemas.base import Part
from schemas.deal import Company, EnrichedDeal, Opportunity
from schemas.definition.documents import WorkflowVersion
from schemas.definition.queue import Queue
from schemas.definition.sample import Expectation, Sample
from schemas.errors import DefinitionError
from schemas.ids import stage_entry_id
from schemas.stage import StageEntry

AT = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
"""When a sample's deal enters its stage, where it does not say: a Tuesday morning."""


def try_sample(version: WorkflowVersion, sample: Sample, queues: Mapping[str, Queue]) -> Trial:
    """Run a sample through a version. Raises `DefinitionError` for a deal that is none."""
    unknown = sorted({*sample.answers, *sample.results} - {step.id for step in version.workflow.steps})
    if unknown:
        raise DefinitionError(f"the sample answers for {unknown[0]}, which is no step", on=version.name)
    deal = deal_of(sample)
    stage = sample.stage or version.workflow.trigger.stages[0]
    deal = deal.model_copy(update={"opportunity": deal.opportunity.model_copy(update={"stage": stage})})
    later = None
    if sample.later:
        later = deal.model_copy(update={"opportunity": _over(Opportunity, deal.opportunity, sample.later)})
    entry = entry_of(deal, stage, sample.at or AT)
    script = Script(answers=sample.answers, results=sample.results, later=later)
    return simulate(draft_catalogue(version, queues), entry, deal, script)


def entry_of(deal: EnrichedDeal, stage: str, moment: datetime) -> StageEntry:
    """Give the fact that a deal entered a stage."""
    return StageEntry(
        id=stage_entry_id(deal.org_id, deal.opportunity_id, stage, moment),
        org_id=deal.org_id,
        opportunity_id=deal.opportunity_id,
        stage=stage,
        entered_at=moment,
        previous_stage=deal.previous_stage,
    )


def deal_of(sample: Sample) -> EnrichedDeal:
    """Give the built-in sample deal with what a sample says of it."""
    lists = {name: getattr(sample, name) for name in ("contacts", "notes", "activities")}
    return DEAL.model_copy(
        update={
            "opportunity": _over(Opportunity, DEAL.opportunity, sample.deal),
            "account": _over(Company, DEAL.account or Company(), sample.company),
            "previous_stage": sample.previous_stage,
            **{name: given for name, given in lists.items() if given is not None},
        }
    )


def unmet(trial: Trial, expected: Expectation) -> Iterator[str]:
    """Say, a line each, what was expected and did not come."""
    if expected.outcome is not None and trial.outcome != expected.outcome:
        yield f"outcome: expected {expected.outcome!r}, it is {trial.outcome!r}"
    if expected.steps is not None and trial.path != expected.steps:
        yield f"steps: expected {' > '.join(expected.steps)}, they are {' > '.join(trial.path)}"
    subjects = tuple(mail.subject for mail in trial.mails)
    if expected.mails is not None and subjects != expected.mails:
        yield f"mails: expected {list(expected.mails)}, they are {list(subjects)}"
    account = trial.run.account if trial.run is not None else None
    for path, value in expected.account.items():
        found = account_field(account, path)
        if _same(found) != _same(value):
            yield f"account.{path}: expected {value!r}, it is {found!r}"


def account_field(account: Account | None, path: str) -> Any:
    """Give a field of an account by dotted path; None where there is nothing."""
    found: Any = account.model_dump(mode="json") if account is not None else None
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found.get("value") if isinstance(found, Mapping) and "value" in found else found


def _over(kind: type[Part], base: Part, given: Mapping[str, Any]) -> Part:
    """Put what a sample says over what is there; a custom field may be written as its value alone."""
    said = dict(given)
    owner = said.get("owner")
    if isinstance(owner, Mapping):
        said["owner"] = {**(base.model_dump()["owner"] or {}), **owner}
    if isinstance(said.get("custom"), Mapping):
        said["custom"] = {
            name: value if isinstance(value, Mapping) else {"value": None if value is None else str(value)}
            for name, value in said["custom"].items()
        }
    try:
        return kind.model_validate({**base.model_dump(), **said})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DefinitionError(f"the sample's {kind.__name__.lower()}: {where}: {first['msg']}") from None


def _same(value: Any) -> str:
    """Give a value as text in which 40000, 40000.0 and "40000.0000" are one."""
    if value is None or isinstance(value, bool):
        return str(value)
    try:
        return f"{float(value):g}" if not isinstance(value, str) or value.strip() else value
    except ValueError:
        return str(value)
