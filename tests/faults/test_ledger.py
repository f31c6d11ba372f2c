"""`kill -9` everywhere while deals move; then the ledger must be whole.

`make faults` runs the long form: 500 deals, three brokers, one of which dies too. The short one is part of
every test run. Which process dies, and after which move, follows from the seed that the report prints.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest

from connectors.kafka.broker.process import poll_until
from processors.ledger import Ledger, Move, Observed, balance
from streams.local.approver import Approver
from streams.local.deployment import Deployment, Plan
from streams.local.mover import PATH, Mover, OpenDeal
from streams.local.observe import Observer
from tests.faults.correcting import Corrector, doubled
from tests.fixtures.sandbox import required

ROOT = Path(__file__).parents[2]
DEFINITIONS = [
    *(ROOT / "examples" / f"{name}.yaml" for name in ("shared", "automated-creation", "approval-gate")),
    Path(__file__).parent / "definitions" / "people-and-time.yaml",
]
WORKERS = {
    "transitions": "transitions",
    "workflow": "workflow",
    "enrich": "enrich",
    "accounts": "accounts",
    "assignments": "assignments",
    "emails": "emails",
}


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_is_done_twice(
    tmp_path: Path, request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> None:
    long = bool(request.config.getoption("--long"))
    deals, kills, brokers = (500, 60, 3) if long else (80, 12, 1)
    seed = int(os.environ.get("SEED", "20260915"))
    random = Random(seed)
    plan = Plan(deals=deals * 2, seed=seed, brokers=brokers, accounts_api=True, workers=WORKERS)
    deployment = Deployment(tmp_path, plan)
    with required():
        deployment.up(DEFINITIONS)
    with deployment:
        mover = Mover(deployment.org)
        observer, approver, corrector = Observer(deployment), Approver(deployment), Corrector(deployment)
        found_open = mover.open_deals(deals)
        assert len(found_open) == deals
        way = list(_journeys(found_open, random))
        victims = _victims(kills, random)
        moments = sorted(random.sample(range(len(way)), kills // 2))
        moves, killed = [], Counter[str]()
        for number, (deal, stage) in enumerate(way):
            moves.append(mover.move(deal, stage))
            deployment.mind()
            if number in moments:
                _kill_and_start(deployment, victim := victims.pop())
                killed[victim] += 1
        if brokers > 1:
            victims.insert(len(victims) // 2, "broker")
        # The other half dies while what was heard is worked off: each when a few more runs have ended.
        for ended in _rising(observer, approver, len(victims), deals):
            deployment.mind()
            _kill_and_start(deployment, victim := victims.pop())
            killed[victim] += 1
            killed["with runs still open"] += ended < deals
            corrector.correct(observer.observe().events)
        found, ledger = _settled(deployment, observer, approver, corrector, moves)
        resent = _resent(found)
        report = {
            "seed": seed,
            "moves": len(moves),
            "killed": dict(killed),
            "resent mails": resent,
            "dead letters": observer.dead_letters(),
            "by people and time": _by_people_and_time(found),
            "corrected twice": doubled(found.events),
            **{key: value for key, value in asdict(ledger).items() if key != "seconds_to_account"},
        }
        with capfd.disabled():
            print(f"\n{json.dumps(report, indent=2)}")  # noqa: T201 - the ledger is what this test is for
        assert report["dead letters"] == 0
        assert report["corrected twice"] == []
        assert ledger.whole(resent_mails=resent)
        assert corrector.correct(found.events), "a correction was lost, or a run hangs after it"
        assert all(_by_people_and_time(found).values()), "what the ledger is about did not happen"


def _journeys(deals: Mapping[str, OpenDeal], random: Random) -> Iterator[tuple[str, str]]:
    """Give each deal's way through some stages to the last one, all of them mixed, each in its own order.

    A deal is not moved to where it is: that is no change, and the org tells nobody of it.
    """
    ways = {
        deal: [stage for stage in PATH[:-1] if stage != found.stage and random.random() < 0.5] + [PATH[-1]]
        for deal, found in deals.items()
    }
    while ways:
        deal = random.choice(sorted(ways))
        yield deal, ways[deal].pop(0)
        if not ways[deal]:
            del ways[deal]


def _victims(kills: int, random: Random) -> list[str]:
    """Give who dies, in a drawn order: everybody at least once."""
    everybody = ["subscriber", *WORKERS, "accounts-api", "mail"]
    victims = everybody + [random.choice(everybody) for _ in range(kills - len(everybody))]
    random.shuffle(victims)
    return victims


def _rising(observer: Observer, approver: Approver, times: int, deals: int) -> Iterator[int]:
    """Give the number of runs that have ended, each time it has risen by a share of the deals."""
    for number in range(1, times + 1):
        wanted = deals * number // (times + 1)
        approver.answer_all()
        poll_until(lambda: _ended(observer) >= wanted, within_s=20)  # noqa: B023 - asked before the next
        yield _ended(observer)


def _ended(observer: Observer) -> int:
    return len({event.run_id for event in observer.observe().events if event.kind == "run.completed"})


def _kill_and_start(deployment: Deployment, victim: str) -> None:
    if victim == "broker":
        deployment.sandbox.kafka.kill(0)
        deployment.sandbox.kafka.restart(0)
    elif victim == "mail":
        deployment.sandbox.mail.kill()
        deployment.sandbox.mail.start()
    else:
        deployment.kill(victim)
        deployment.start(victim)


def _by_people_and_time(found: Observed) -> dict[str, int]:
    """Count what people, operators and timers did to runs, each thing once however often it was told."""
    events = {event.id: event for event in found.events}.values()
    told = Counter((event.kind, event.step_type) for event in events)
    return {
        "approvals answered": told["task.answered", "approval"],
        "forms filled": told["task.answered", "form"],
        "reminders": sum(count for (kind, _), count in told.items() if kind == "task.reminded"),
        "waits ended by their timer": told["step.completed", "wait"],
        "accounts reassigned": told["csm.reassigned", ""],
        "runs run again": sum(count for (kind, _), count in told.items() if kind == "run.rerun"),
    }


def _settled(
    deployment: Deployment,
    observer: Observer,
    approver: Approver,
    corrector: Corrector,
    moves: list[Move],
) -> tuple[Observed, Ledger]:
    """Answer what is asked until the ledger is whole, or until nothing has changed for long enough."""
    state: dict[str, Observed | Ledger] = {}

    def whole() -> bool:
        deployment.mind()
        approver.answer_all()
        state["found"] = found = observer.observe()
        state["ledger"] = ledger = balance(moves, frozenset(PATH[-1:]), found)
        return corrector.correct(found.events) and ledger.whole(resent_mails=_resent(found))

    def progress() -> tuple[int, ...]:
        ledger = state["ledger"]
        assert isinstance(ledger, Ledger)
        return (ledger.accounts, ledger.completed, ledger.mails, ledger.lost)

    best: tuple[int, ...] = ()
    while not poll_until(whole, within_s=45) and progress() != best:
        best = progress()
    found, ledger = state["found"], state["ledger"]
    assert isinstance(found, Observed)
    assert isinstance(ledger, Ledger)
    return found, ledger


def _resent(found: Observed) -> int:
    """Count the mails that SMTP cut, as the history of the runs tells it."""
    return sum(
        int(json.loads(event.output).get("resent", 0))
        for event in {event.id: event for event in found.events}.values()
        if event.step_type == "send_email" and event.kind == "step.completed"
    )
