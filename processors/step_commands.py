"""What a step asks a sink for: the command, its id, and its Kafka key."""

from typing import Any

from processors.conditions import value
from processors.context import Context
from processors.outcomes import Asked, Scene
from processors.templates import render, render_line
from schemas.account import Account, FindAccounts, UpsertAccount
from schemas.assignment import AssignCsm as AssignCommand
from schemas.base import Record
from schemas.brief import WriteBrief as BriefCommand
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import Email
from schemas.definition.flow import WriteBrief
from schemas.definition.steps import AssignCsm, SendEmail
from schemas.email import SendEmail as SendCommand
from schemas.errors import BrokenInvariantError, StepError
from schemas.ids import effect_id, record_key
from schemas.inbox import InboxRecord
from schemas.run import Run

ACCOUNT, ASSIGN, SEND, FIND, BRIEF = "account", "assign", "send", "find", "brief"


def stored(step: AnyStep, run: Run, account: Account, scene: Scene) -> Asked:
    """Ask the sink to hold an account as it should be now."""
    revision = (
        run.account.revision + 1 if run.account is not None and run.account_stored else account.revision
    )
    whole = account.model_copy(update={"revision": revision, "run_id": run.id, "updated_at": scene.at})
    holding = run.model_copy(update={"account": whole, "candidates": ()})
    return Asked(holding, *command(step, holding, scene, ACCOUNT), ACCOUNT)


def command(step: AnyStep, run: Run, scene: Scene, part: str) -> tuple[Record, str]:
    """Give what a part of a step asks for, and its Kafka key."""
    common: dict[str, Any] = {
        "id": effect_id(run.id, step.id, run.visit_of(step.id), _named(run, part)),
        "org_id": run.org_id,
        "opportunity_id": run.opportunity_id,
        "run_id": run.id,
        "step_id": step.id,
        "attempt": run.pending.attempt if run.pending is not None else run.attempts + 1,
    }
    deal_key = record_key(run.org_id, run.opportunity_id)
    match step:
        case AssignCsm(queue=str(queue)) if part == ASSIGN:
            names = scene.names(run)
            facts = {name: _fact(value(text, names)) for name, text in step.facts.items()}
            # A forced rerun chooses anew: whoever had the account gives it back.
            released = run.csm.email if run.forced and run.csm is not None else ""
            asked = AssignCommand(**common, queue=queue, facts=facts, released=released)
            return asked, record_key(run.org_id, queue)
        case SendEmail() if part == SEND:
            names = scene.names(run)
            to, cc = addresses(step.to, names), addresses(step.cc, names)
            mail = rendered(scene.version.emails[step.email], names)
            return SendCommand(**common, to=to, cc=cc, **mail, at=scene.at), deal_key
        case WriteBrief():
            return BriefCommand(**common, deal=scene.deal, answers=_answers(run)), deal_key
        case _ if run.account is not None and part == FIND:
            return FindAccounts(**common, account=run.account), run.account.key
        case _ if run.account is not None:
            return UpsertAccount(**common, account=run.account), run.account.key
        case _:
            raise BrokenInvariantError(
                f"step {step.id} asks for {part!r} without an account", on=f"run {run.id}"
            )


def taken(step: AssignCsm, run: Run, email: str) -> tuple[Record, str]:
    """Tell a queue who took an account of it, and the key to tell it under.

    When a step is tried again, who had it before gives it back.
    """
    told = AssignCommand(
        id=effect_id(run.id, step.id, run.visit_of(step.id), _try("taken", run)),
        org_id=run.org_id,
        opportunity_id=run.opportunity_id,
        run_id=run.id,
        step_id=step.id,
        queue=step.queue or "",
        choose=False,
        taken=email,
        released=run.csm.email if run.attempts and run.csm is not None else "",
    )
    return told, record_key(run.org_id, told.queue)


def rendered(email: Email, names: Context) -> dict[str, Any]:
    """Give subject, text and HTML of a mail."""
    return {
        "subject": render_line(email.subject, names),
        "text": render(email.text, names),
        "html": render(email.html, names, html=True) if email.html is not None else None,
    }


def addresses(entries: tuple[str, ...], names: Context) -> tuple[str, ...]:
    """Give addresses as they stand, or those that expressions give. Raises `StepError` for any other."""
    return tuple(_address(entry, names) for entry in entries)


def of_account(run: Run, result: InboxRecord) -> dict[str, Any]:
    """Say in the history which account the sink holds now."""
    account = run.account
    if account is None:
        return dict(result.output)
    return {
        **result.output,
        "account": account.id,
        "revision": account.revision,
        "csm": account.csm.name if account.csm else None,
        "template": account.template.name if account.template else None,
    }


def _named(run: Run, part: str) -> str:
    """Name the effect. The sink holds one account however often it is asked: another try may say more."""
    return _try(part, run) if part in (ACCOUNT, FIND, BRIEF) else part


def _try(part: str, run: Run) -> str:
    """Name a part of the present try of a step."""
    return f"{part}:{run.reruns}:{run.attempts}" if run.reruns or run.attempts else part


def _address(entry: str, names: Context) -> str:
    if "@" in entry:
        return entry
    found = value(entry, names)
    if not isinstance(found, str) or "@" not in found:
        raise StepError(
            f"{entry!r} gives no mail address: it is {'empty' if not found else 'something else'}"
        )
    return found


def _answers(run: Run) -> dict[str, str]:
    return {name: str(value) for name, value in run.variables.items() if isinstance(value, str | int | float)}


def _fact(found: Any) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    return "" if found is None else str(found)
