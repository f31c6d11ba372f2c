"""The ledger sees each kind of loss, doubling and disorder; it is what the fault tests believe."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from processors.ledger import Ledger, Move, Observed, balance
from schemas.account import Account
from schemas.run_event import RunEvent
from schemas.stage import StageEntry

T0 = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
WON = frozenset({"Closed Won"})
MOVES = [
    Move("o1", "Negotiation", T0),
    Move("o1", "Closed Won", T0 + timedelta(seconds=1)),
    Move("o2", "Closed Won", T0 + timedelta(seconds=2)),
]
STAGES = tuple(
    StageEntry(id=f"s{number}", org_id="org", opportunity_id=move.opportunity_id, stage=move.stage)
    for number, move in enumerate(MOVES)
)


def event(run: str, sequence: int, kind: str) -> RunEvent:
    return RunEvent(
        id=f"{run}-{sequence}",
        org_id="org",
        run_id=run,
        opportunity_id="o" + run[1],
        kind=kind,
        sequence=sequence,
    )


EVENTS = tuple(
    event(run, n, kind) for run in ("r1", "r2") for n, kind in ((1, "run.started"), (2, "run.completed"))
)


def account(opportunity: str, revision: int = 1) -> Account:
    return Account(id=f"a-{opportunity}", org_id="org", key=f"org:{opportunity}", revision=revision,
                   opportunity_id=opportunity)  # fmt: skip


GOOD = Observed(
    stages=STAGES,
    events=EVENTS,
    accounts=((account("o1"), T0 + timedelta(seconds=3)), (account("o2"), T0 + timedelta(seconds=2.5))),
    held={"o1": 1, "o2": 1},
    held_revisions={"o1": 1, "o2": 1},
    message_ids=("m1", "m2"),
)


def drawn(found: Observed) -> Ledger:
    return balance(MOVES, WON, found)


def test_when_all_arrived_once_the_ledger_is_whole() -> None:
    ledger = drawn(GOOD)
    assert ledger.whole()
    assert (ledger.deals, ledger.accounts, ledger.runs, ledger.completed, ledger.mails) == (2, 2, 2, 2, 2)
    assert ledger.seconds_to_account == (0.5, 2.0)
    assert (ledger.percentile(0.5), ledger.percentile(0.99)) == (2.0, 2.0)


def test_a_rejected_deal_owes_neither_account_nor_mail() -> None:
    rejected = EVENTS[3].model_copy(update={"outcome": "rejected"})
    ledger = drawn(
        replace(GOOD, events=(*EVENTS[:3], rejected), accounts=GOOD.accounts[:1], message_ids=("m1",))
    )
    assert ledger.whole()
    assert (ledger.rejected, ledger.completed) == (1, 2)


def test_records_that_came_twice_in_a_topic_are_no_harm() -> None:
    repeated = replace(
        GOOD,
        stages=STAGES + STAGES[:1],
        events=EVENTS + EVENTS[1:3],
        accounts=(*GOOD.accounts, GOOD.accounts[0]),
    )
    assert drawn(repeated).whole()


@pytest.mark.parametrize(
    ("found", "where"),
    [
        (replace(GOOD, stages=STAGES[1:]), "lost_stages"),
        (replace(GOOD, accounts=GOOD.accounts[1:]), "lost_accounts"),
        (replace(GOOD, held={"o1": 1}), "lost_accounts"),
        (replace(GOOD, accounts=(*GOOD.accounts, (account("o1", 2), T0))), "lost_updates"),
        (replace(GOOD, events=EVENTS[:3]), "lost_runs"),
        (replace(GOOD, message_ids=("m1",)), "lost_mails"),
        (replace(GOOD, held={"o1": 2, "o2": 1}), "doubled_accounts"),
        (replace(GOOD, events=(*EVENTS, event("x1", 1, "run.started"))), "doubled_runs"),
        (replace(GOOD, message_ids=("m1", "m2", "m2")), "doubled_mails"),
        (replace(GOOD, events=(EVENTS[1], EVENTS[0], *EVENTS[2:])), "out_of_order"),
        (replace(GOOD, accounts=((account("o1", 2), T0), *GOOD.accounts)), "out_of_order"),
    ],
)
def test_each_fault_is_seen(found: Observed, where: str) -> None:
    ledger = drawn(found)
    assert not ledger.whole()
    assert getattr(ledger, where)


def test_a_mail_that_smtp_cut_may_come_twice_when_it_was_counted() -> None:
    ledger = drawn(replace(GOOD, message_ids=("m1", "m2", "m2")))
    assert ledger.whole(resent_mails=1)
    assert not ledger.whole(resent_mails=0)
