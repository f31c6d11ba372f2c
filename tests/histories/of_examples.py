"""The stories of the definitions in examples/: each function plays one, and its docstring tells it."""

from datetime import timedelta
from decimal import Decimal

from processors.matching import By, Match
from processors.sample import ACCOUNT, DEAL
from schemas.account import UpsertAccount
from schemas.deal import EnrichedDeal
from schemas.email import SendEmail
from schemas.ids import derived_id
from schemas.stage import OPPORTUNITY_DELETED
from tests.histories.recording import Stage, examples
from tests.unit.processors.engine import entry

BOSS, OWNER, DESK = "m@acme.example", "sam@acme.example", "deal-desk@thread.example"
INES, JOAO, KOFI = (f"{name}.partner@thread.example" for name in ("ines", "joao", "kofi"))


def automated_creation() -> Stage:
    """A small deal is won; the sink of accounts and the mail server are down for a while."""
    stage = _stage("automated-creation", 40_000)
    stage.failures = {UpsertAccount: 2, SendEmail: 1}
    stage.enter()
    return stage


def automated_creation_not_enrolled() -> Stage:
    """A deal that is too large for the workflow starts nothing; its next entry is looked at anew."""
    stage = _stage("automated-creation", 50_000)
    stage.enter()
    stage.change(amount=Decimal(49_999))
    stage.enter()
    return stage


def segment_routing_enterprise() -> Stage:
    """A deal over 100,000 goes to an enterprise manager with the enterprise template."""
    stage = _stage("segment-routing", 100_001)
    stage.enter()
    return stage


def segment_routing_small() -> Stage:
    """A deal of 100,000 goes to the pool; that it enters the stage again starts no second run."""
    stage = _stage("segment-routing", 100_000)
    stage.enter()
    stage.enter("Negotiation/Review")
    stage.enter()
    return stage


def approval_gate_approved() -> Stage:
    """The manager is asked, reminded once, and says yes on the second day."""
    stage = _stage("approval-gate", 750_000)
    stage.enter()
    stage.pass_time(timedelta(days=1, hours=3))
    stage.say("approve", task_id=stage.task.id, actor=OWNER)
    stage.say("approve", task_id=stage.task.id, actor=BOSS)
    return stage


def approval_gate_rejected() -> Stage:
    """The manager says no, first without a reason, then with one; a yes that comes after is refused."""
    stage = _stage("approval-gate", 750_000)
    stage.enter()
    stage.say("reject", task_id=stage.task.id, actor=BOSS)
    stage.say("reject", task_id=stage.task.id, actor=BOSS, reason="the margin is too small")
    stage.say("approve", task_id=stage.task.id, actor=BOSS)
    return stage


def approval_gate_expired() -> Stage:
    """Nobody answers: reminders, the deal desk is asked as well, and after five working days it is over."""
    stage = _stage("approval-gate", 750_000)
    stage.enter()
    stage.pass_time(timedelta(days=12))
    return stage


def approval_gate_escalated_late() -> Stage:
    """After an outage of four days everything is overdue: it fires once each, and the deal desk approves."""
    stage = _stage("approval-gate", 750_000)
    stage.enter()
    overdue = [each for each in stage.timers() if each[1].due <= stage.at + timedelta(days=4)]
    stage.at += timedelta(days=4)
    for run_id, timer in overdue:
        stage.fire(run_id, timer)
    stage.settle()
    stage.pass_time(timedelta(hours=1))
    stage.say("approve", task_id=stage.task.id, actor=DESK)
    return stage


def approval_gate_recalled() -> Stage:
    """The deal leaves the stage while the manager is asked: the task and the run are cancelled."""
    stage = _stage("approval-gate", 750_000)
    stage.enter()
    stage.enter("Negotiation/Review")
    stage.say("approve", task_id=stage.task.id, actor=BOSS)
    return stage


def approval_gate_deleted() -> Stage:
    """The opportunity is deleted while the manager is asked."""
    stage = _stage("approval-gate", 750_000)
    stage.enter()
    gone = entry("Closed Won", stage.at)
    stage.take(gone.model_copy(update={"kind": OPPORTUNITY_DELETED, "id": derived_id("gone", gone.id)}))
    stage.settle()
    return stage


def partner_two_approvals() -> Stage:
    """Sales and two of three partners say yes, the form is drafted and filled, and an account is joined."""
    stage = _stage("partner-two-approvals", 90_000, lead_source="Partner Referral")
    held = ACCOUNT.model_copy(update={"id": "held-account", "key": "another:deal", "revision": 3})
    stage.existing = [Match(account=held, by=By.DOMAIN, score=0.95)]
    stage.enter()
    stage.say("approve", task_id=stage.task.id, actor=BOSS)
    stage.say("approve", task_id=stage.task.id, actor=INES)
    stage.say("reject", task_id=stage.task.id, actor=JOAO, reason="not ours")
    stage.say("approve", task_id=stage.task.id, actor=KOFI)
    stage.pass_time(timedelta(days=1, hours=1))
    form = stage.task.id
    stage.say("draft", task_id=form, actor=OWNER, values={"goals": "Grow", "kick_off": "soon"})
    stage.say("draft", task_id=form, actor=OWNER, values={"goals": "Grow in the north"})
    stage.say("fill", task_id=form, actor=OWNER, values={"partner": "Nordlys", "tier": "Gold"})
    stage.say("fill", task_id=form, actor=OWNER, values={"goals": "Grow in the north", "partner": "Nordlys",
              "kick_off": "2026-10-05", "tier": "Premium"})  # fmt: skip
    stage.say("choose", task_id=stage.task.id, actor=OWNER, values={"choice": "nowhere"})
    stage.say("choose", task_id=stage.task.id, actor=OWNER, values={"choice": "held-account"})
    return stage


def partner_one_no_too_many() -> Stage:
    """Two of three partners say no, so that two yeses cannot come together any more."""
    stage = _stage("partner-two-approvals", 90_000, lead_source="Partner Referral")
    stage.enter()
    stage.say("approve", task_id=stage.task.id, actor=BOSS)
    for actor in (INES, KOFI):
        stage.say("reject", task_id=stage.task.id, actor=actor, reason="not ours")
    return stage


def partner_left_and_goes_on() -> Stage:
    """The deal leaves the stage: its owner is asked whether the run goes on."""
    stage = _stage("partner-two-approvals", 90_000, lead_source="Partner Referral")
    stage.enter()
    stage.enter("Negotiation/Review")
    stage.say("choose", task_id=stage.task.id, actor=OWNER, values={"choice": stage.task.choices[0].key})
    return stage


def renewal_twice() -> Stage:
    """A renewal waits a working day; the next entry of the stage is a run of its own."""
    stage = _stage("renewal", 30_000, type="Existing Customer - Upgrade")
    stage.enter()
    stage.pass_time(timedelta(days=4))
    stage.enter("Negotiation/Review")
    stage.enter()
    stage.pass_time(timedelta(days=4))
    return stage


def contract_sent_and_won() -> Stage:
    """A large contract is sent: a heads-up; the deal changes in vain, then it is won, and is created."""
    stage = _stage("contract-sent", 150_000, is_won=False, is_closed=False)
    stage.enter("Contract Sent")
    stage.change(next_step="Called")
    stage.change(is_won=True, is_closed=True)
    return stage


def contract_sent_and_forgotten() -> Stage:
    """A small contract is sent, without a heads-up, and nothing comes of it for sixty days."""
    stage = _stage("contract-sent", 15_000, is_won=False, is_closed=False)
    stage.enter("Contract Sent")
    stage.pass_time(timedelta(days=61))
    return stage


def _stage(name: str, amount: int, **fields: object) -> Stage:
    return Stage(examples(), active=name, deal=_deal(amount=Decimal(amount), **fields))


def _deal(**fields: object) -> EnrichedDeal:
    return DEAL.model_copy(update={"opportunity": DEAL.opportunity.model_copy(update=fields)})
