"""Reading the deal: at the beginning, when it may have changed, and before a step is tried again."""

import re
from collections.abc import Mapping
from typing import Any

from processors.conditions import holds
from processors.engine.telling import Telling
from processors.engine.walking import STAY, enter, settle, stuck, walk
from processors.outcomes import Done, Scene
from processors.retries import retry_at
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.definition.documents import WorkflowVersion
from schemas.definition.flow import Wait
from schemas.errors import StepError
from schemas.ids import derived_id, record_key
from schemas.inbox import InboxRecord
from schemas.run import Pending, Purpose, Run, Status, Timer

FETCH = "fetch"
"""The step before the first one: reading the deal."""
LOOK = "look"
"""Reading it again, to see whether what the run waits for has come true."""
AGAIN = "again"
"""Reading it again, to go on at a step or to try one again."""
READ_PARTS = frozenset({FETCH, LOOK, AGAIN})

_CUSTOM = re.compile(r"\b(deal|company)\.custom\.(\w+)")


def wanted_fields(version: WorkflowVersion) -> frozenset[str]:
    """Give the custom fields that a version speaks of anywhere: `Region__c`, `Account.Tier__c`."""
    spoken = _CUSTOM.findall(version.model_dump_json())
    return frozenset(name if root == "deal" else f"Account.{name}" for root, name in spoken)


def request(run: Run) -> tuple[EnrichmentRequest, str]:
    """Give the request for a run's deal. Runs that the same stage entry started share the first one."""
    cause = (run.entry_id,) if run.reads == 0 else (run.id, str(run.reads))
    asked = EnrichmentRequest(
        id=derived_id("fetch", *cause),
        org_id=run.org_id,
        opportunity_id=run.opportunity_id,
        run_id=run.id,
        stage_entry_id=run.entry_id,
        attempt=run.pending.attempt if run.pending is not None else 1,
        custom_fields=run.fetch_fields,
        entered_stage=run.stage,
        entered_at=run.entered_at,
        previous_stage=run.previous_stage,
    )
    return asked, record_key(run.org_id, "0")


def read(telling: Telling, part: str, *, anew: bool = True) -> None:
    """Ask for the deal; `part` is what for. `anew` asks for it as it is by now, under an id of its own."""
    telling.change(pending=None, reads=telling.run.reads + anew)
    asked, key = request(telling.run)
    telling.change(pending=Pending(command_id=asked.id, part=part, since=telling.at))
    if part != LOOK:
        telling.change(status=Status.FETCHING)
    telling.commands.append((asked, key))


def read_again(telling: Telling) -> None:
    """Ask for the deal once more, after a failure that may have healed."""
    pending = telling.run.pending
    if pending is None:
        return
    telling.change(pending=pending.model_copy(update={"attempt": pending.attempt + 1}))
    if pending.part != LOOK:
        telling.change(status=Status.FETCHING)
        telling.tell("step.started", step=(FETCH, FETCH), attempt=pending.attempt + 1)
    telling.commands.append(request(telling.run))


def has_read(telling: Telling, version: WorkflowVersion, deal: EnrichedDeal) -> None:
    """Take the deal that a run asked for, and go on."""
    pending = telling.run.pending
    if pending is None or pending.command_id != deal.request_id:
        return
    scene = Scene(version, deal, telling.at)
    telling.calm(Purpose.RETRY)
    if pending.part == LOOK:
        _looked(telling, scene)
    elif pending.part == AGAIN:
        telling.change(pending=None)
        _tell_read(telling, deal, pending)
        _go_on(telling, scene)
    else:
        _first_read(telling, scene, deal, pending)


def tell_start(telling: Telling) -> None:
    """Say that a run has begun, and by what; once."""
    run = telling.run
    if run.started:
        return
    telling.change(started=True)
    given = {
        "stage": run.stage,
        "entered_at": run.entered_at,
        "previous_stage": run.previous_stage,
        "entry": run.entry_id,
    }
    telling.tell("run.started", given=given)
    telling.tell("step.started", step=(FETCH, FETCH), attempt=1)


def reading_failed(telling: Telling, result: InboxRecord, pending: Pending) -> None:
    """Take the news that the deal could not be read."""
    step = (FETCH, FETCH)
    due = (
        retry_at(pending.command_id, pending.attempt, telling.at, result.retry_at)
        if result.retryable
        else None
    )
    if due is not None:
        telling.tell("step.retry_scheduled", step=step, attempt=pending.attempt, reason=result.error, due=due)
        # Runs that share the request are woken by one timer, and ask once more together.
        shared = Timer(id=derived_id("retry", pending.command_id, str(pending.attempt)), due=due,
                       purpose=Purpose.RETRY)  # fmt: skip
        telling.change(timers=(*telling.run.timers, shared))
        if pending.part != LOOK:
            telling.change(status=Status.WAITING_TIME)
        return
    reason = result.error or "it failed without a reason"
    telling.tell("step.failed", step=step, attempt=pending.attempt, reason=reason)
    telling.change(pending=None)
    if pending.part == LOOK:
        return  # it goes on waiting; the next change looks again, and its time-out holds
    telling.tell("run.needs_attention", reason=reason)
    telling.change(status=Status.NEEDS_ATTENTION, reason=reason)


def _first_read(telling: Telling, scene: Scene, deal: EnrichedDeal, pending: Pending) -> None:
    condition = scene.version.workflow.trigger.filter
    telling.change(pending=None)
    if condition is not None:
        try:
            passed = holds(condition, scene.names(telling.run))
        except StepError as error:
            tell_start(telling)
            telling.tell("step.failed", step=(FETCH, FETCH), attempt=pending.attempt, reason=str(error))
            telling.tell("run.needs_attention", reason=str(error))
            telling.change(status=Status.NEEDS_ATTENTION, reason=str(error))
            return
        if not passed:
            telling.tell("run.not_enrolled", reason=f"the filter does not hold: {condition}")
            telling.change(status=Status.NOT_ENROLLED, reason="filter")
            return
        tell_start(telling)
    _tell_read(telling, deal, pending)
    walk(telling, scene, scene.version.workflow.steps[0].id)


def _go_on(telling: Telling, scene: Scene) -> None:
    """Go on at the step that a person named, or try the present one again with the deal as it is now."""
    goto = telling.run.goto
    telling.change(goto="")
    if goto:
        walk(telling, scene, goto)
        return
    step = scene.version.workflow.step(telling.run.step_id)
    following = enter(telling, scene, step, again=True)
    if following != STAY:
        walk(telling, scene, following)


def _looked(telling: Telling, scene: Scene) -> None:
    step = scene.version.workflow.step(telling.run.step_id)
    again = telling.run.look_again
    telling.change(pending=None, look_again=False)
    if not isinstance(step, Wait) or step.until_true is None:
        return
    try:
        true_now = holds(step.until_true, scene.names(telling.run))
    except StepError as error:
        stuck(telling, step, str(error))
        return
    if true_now:
        following = settle(telling, scene, step, Done(telling.run, {"holds": step.until_true}))
        if following != STAY:
            walk(telling, scene, following)
    elif again:
        read(telling, LOOK)


def _tell_read(telling: Telling, deal: EnrichedDeal, pending: Pending) -> None:
    telling.tell("step.completed", step=(FETCH, FETCH), attempt=pending.attempt, output=_of_deal(deal))


def _of_deal(deal: EnrichedDeal) -> Mapping[str, Any]:
    return {
        "deal": deal.id,
        "as_of": deal.as_of.isoformat() if deal.as_of else None,
        "contacts": len(deal.contacts),
        "notes": len(deal.notes),
        "activities": len(deal.activities),
        **({"unreadable_fields": list(deal.unreadable_fields)} if deal.unreadable_fields else {}),
    }
