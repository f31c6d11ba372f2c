"""Giving an account to somebody else, by a person's word, whether its run goes on or has ended."""

from processors.engine.noticing import beside
from processors.engine.telling import Telling
from schemas.account import Account, Csm, UpsertAccount
from schemas.assignment import AssignCsm as AssignCommand
from schemas.definition.documents import WorkflowVersion
from schemas.definition.steps import AssignCsm
from schemas.ids import effect_id, record_key
from schemas.inbox import InboxRecord
from schemas.run import Status

_PART = "reassign"


def reassign(telling: Telling, version: WorkflowVersion, word: InboxRecord) -> None:
    """Give the run's account to the person of `to`, and tell the queue whose load falls and whose rises."""
    run = telling.run
    if run.account is None or not run.account_stored:
        telling.refuse("it has no account that could be given to somebody else")
        return
    if run.pending is not None and run.status is not Status.NEEDS_ATTENTION:
        telling.refuse("an answer is on its way; try again in a moment")
        return
    if len(word.to) != 1 or "@" not in word.to[0]:
        telling.refuse("say to whom, by one mail address")
        return
    before, after = run.csm or Csm(), _person(word)
    if before.email.casefold() == after.email.casefold():
        telling.refuse(f"{after.email} has it already")
        return
    account = run.account.model_copy(
        update={
            "csm": after,
            "revision": run.account.revision + 1,
            "run_id": run.id,
            "updated_at": telling.at,
        }
    )
    telling.change(csm=after, account=account)
    telling.tell("csm.reassigned", reason=word.reason, output={"from": before.name, "to": after.name})
    beside(telling, _upsert(telling, account, word), account.key)
    queue = _queue(version)
    if queue:
        told = AssignCommand(
            id=effect_id(run.id, _PART, 1, f"{word.id}:load"),
            org_id=run.org_id,
            opportunity_id=run.opportunity_id,
            run_id=run.id,
            queue=queue,
            choose=False,
            released=before.email,
            taken=after.email,
        )
        beside(telling, told, record_key(run.org_id, queue))


def _upsert(telling: Telling, account: Account, word: InboxRecord) -> UpsertAccount:
    run = telling.run
    return UpsertAccount(
        id=effect_id(run.id, _PART, 1, word.id),
        org_id=run.org_id,
        opportunity_id=run.opportunity_id,
        run_id=run.id,
        step_id=_PART,
        account=account,
    )


def _person(word: InboxRecord) -> Csm:
    email = word.to[0].strip()
    return Csm(name=word.values.get("name", "") or email.partition("@")[0], email=email)


def _queue(version: WorkflowVersion) -> str:
    """Give the queue that the workflow assigns from, if it does."""
    queues = [step.queue for step in version.workflow.steps if isinstance(step, AssignCsm) and step.queue]
    return queues[0] if queues else ""
