"""`/v1/trials`: what a draft would do, on samples, on a live deal, or on what was recorded; no effects."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from processors.sample_trial import entry_of, try_sample, unmet
from processors.trial_report import report
from processors.what_if import Trial, draft_catalogue, simulate
from processors.what_if_answers import Script
from processors.what_if_history import Compared, replay, tally
from processors.yaml_documents import parse_parts
from schemas.definition.documents import WorkflowVersion
from schemas.definition.queue import Queue
from schemas.definition.sample import Sample
from schemas.errors import DefinitionError, RefusedError, UsageError
from schemas.ids import derived_id
from streams.api.definition_files import placed_of
from streams.api.guard import GuardedRoute
from streams.api.keys import key_of
from streams.api.person import person_of
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.trial_bodies import ComparedLine, TrialAnswer, TrialLine, TrialRequest, TrialWork
from streams.api.undertakings import BusyError, Undertaking
from streams.drafts import bundled, named

router = APIRouter(prefix="/v1/trials", route_class=GuardedRoute, tags=["workflows"])

_AT_ONCE = 50
_WHERE = "the request"
_UNSOUND = "The definitions or samples do not hold: POST them to /v1/definition-checks to see where."
Asked = Annotated[Services, Depends(services_of)]
WorkId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The id of the trial.")]
Queues = Mapping[str, Queue]


@router.post(
    "",
    summary="Try a draft",
    response_model=TrialAnswer | TrialWork,
    responses={
        200: {"model": TrialAnswer, "description": "What came of the samples, or of the live deal."},
        202: {"model": TrialWork, "description": "Begun, on recorded deals. `Location` says where to ask."},
    },
)
async def try_draft(
    body: TrialRequest, request: Request, response: Response, services: Asked
) -> TrialAnswer | TrialWork:
    """Run a draft with effects off, as `dealwire workflows test` does.

    Sinks and people answer at once, as the samples say, else as is told. Recorded deals may be many, so that
    trial is begun and asked about; one at a time, and another one is refused (409).
    """
    if sum(map(bool, (body.samples, body.opportunity, body.days))) != 1:
        raise ProblemError(422, "Say what to try it on: one of `samples`, `opportunity` and `days`.")
    try:
        version, queues = await asyncio.to_thread(_draft, body, services.catalogue().queues)
        if body.samples:
            return await asyncio.to_thread(_on_samples, version, body.samples, queues)
    except (DefinitionError, UsageError):
        raise ProblemError(422, _UNSOUND) from None
    if body.opportunity:
        trial = await _on_live_deal(services, body, version, queues)
        return TrialAnswer(as_expected=True, trials=[_line("the live deal", version, trial)])
    work = await _begun(request, services, body, version, queues)
    response.status_code = 202
    response.headers["Location"] = f"{router.prefix}/{work.id}"
    return work


@router.get("/{trial_id}", summary="Show how far a trial is", response_model=TrialWork)
async def show_trial(trial_id: WorkId, services: Asked) -> Any:
    """Show a trial on recorded deals that this process began: how many are tried, and what came of it.

    A trial lives in the process that began it.
    """
    return _one(services, trial_id)


@router.post("/{trial_id}/stop", summary="Stop a trial", response_model=TrialWork)
async def stop_trial(trial_id: WorkId, services: Asked) -> Any:
    """Stop it, if it is under way. It changed nothing."""
    work = _one(services, trial_id)
    services.trials.stop(trial_id)
    return work


def _draft(body: TrialRequest, applied: Queues) -> tuple[WorkflowVersion, Queues]:
    """Give the draft, and the queues: its own before those in force. Raises what `bundled` does."""
    placed = placed_of(body.files)
    own = {each.document.name: each.document for each in placed if isinstance(each.document, Queue)}
    return named(bundled(placed, placed, None, _WHERE), body.workflow, _WHERE), {**applied, **own}


def _on_samples(version: WorkflowVersion, samples: str, queues: Queues) -> TrialAnswer:
    read = parse_parts(samples, "samples", Sample)
    if not read:
        raise UsageError("there is no sample")
    trials = []
    for number, each in enumerate(read, start=1):
        trial = try_sample(version, each, queues)
        wrong = tuple(unmet(trial, each.expect)) if each.expect is not None else ()
        trials.append(_line(each.title or f"sample {number}", version, trial, wrong))
    return TrialAnswer(as_expected=not any(each.unmet for each in trials), trials=trials)


async def _on_live_deal(
    services: Services, body: TrialRequest, version: WorkflowVersion, queues: Queues
) -> Trial:
    try:
        deal = await services.trying.live_deal(body.org, body.opportunity, version)
    except UsageError:
        raise ProblemError(422, "No org of that name is connected: say which in `org`.") from None
    except RefusedError:
        raise ProblemError(404, "The org has no such opportunity, or does not let it be read.") from None
    entry = entry_of(deal, version.workflow.trigger.stages[0], services.clock.now())
    return await asyncio.to_thread(simulate, draft_catalogue(version, queues), entry, deal, Script())


async def _begun(
    request: Request, services: Services, body: TrialRequest, version: WorkflowVersion, queues: Queues
) -> TrialWork:
    """Begin a trial on recorded deals. Raises a `ProblemError` (409) while another one is under way."""
    actor, now = person_of(request).actor, services.clock.now()
    id_ = derived_id("trial", key_of(request), actor.casefold())
    since = now - timedelta(days=body.days)
    known = services.trials.get(id_)
    if isinstance(known, TrialWork):
        return known
    work = TrialWork(id=id_, what=f"try {version.name}", by=actor, began_at=now, since=since)

    async def carry_out(_: Undertaking) -> Mapping[str, bool | int | list[str]]:
        deals, events, work.unreadable = await services.trying.recorded(since)
        work.count = len(deals)
        found: list[Compared] = []
        coming = replay(version, queues, deals, events)
        while some := await asyncio.to_thread(list, islice(coming, _AT_ONCE)):
            found += some
            work.done = len(found)
        work.count = len(found)
        work.rows = tuple(ComparedLine(count=count, **asdict(each)) for each, count in tally(found))
        return {}

    async def ended(_: Undertaking) -> None:
        """Nothing was changed, so nobody is told."""

    try:
        services.trials.begin(work, carry_out, ended)
    except BusyError as error:
        raise ProblemError(409, f"Another trial is under way: {router.prefix}/{error.id}") from None
    return work


def _line(title: str, version: WorkflowVersion, trial: Trial, wrong: tuple[str, ...] = ()) -> TrialLine:
    return TrialLine(title=title, **report(version.name, trial), unmet=wrong)


def _one(services: Services, trial_id: str) -> TrialWork:
    work = services.trials.get(trial_id)
    if not isinstance(work, TrialWork):
        raise ProblemError(404, "This process has begun no such trial.")
    return work
