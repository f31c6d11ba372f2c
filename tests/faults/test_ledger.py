"""`kill -9` everywhere while deals move; then the ledger must be whole.

`make faults` runs the long form: 500 deals, three brokers, one of which dies too. The short one is part of
every test run. Which process dies, and after which move, follows from the seed that the report prints.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest

from connectors.kafka.broker.process import poll_until
from processors.ledger import Ledger, Move, Observed, balance
from streams.local.deployment import Deployment, Plan
from streams.local.mover import PATH, Mover
from streams.local.observe import Observer
from tests.fixtures.sandbox import required

ROOT = Path(__file__).parents[2]
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
    plan = Plan(deals=deals + 50, seed=seed, brokers=brokers, accounts_api=True, workers=WORKERS)
    deployment = Deployment(tmp_path, plan)
    with required():
        deployment.up([ROOT / "examples"])
    with deployment:
        mover = Mover(deployment.org)
        ids = list(mover.open_deals(deals))
        assert len(ids) == deals
        way = list(_journeys(ids, random))
        schedule = _schedule(len(way), kills, brokers, random)
        moves, killed = [], Counter[str]()
        for number, (deal, stage) in enumerate(way):
            moves.append(mover.move(deal, stage))
            deployment.mind()
            for victim in schedule.get(number, ()):
                _kill_and_start(deployment, victim)
                killed[victim] += 1
        found, ledger = _settled(deployment, moves)
        resent = _resent(found)
        report = {
            "seed": seed,
            "moves": len(moves),
            "killed": dict(killed),
            "resent mails": resent,
            "dead letters": Observer(deployment).dead_letters(),
            **{key: value for key, value in asdict(ledger).items() if key != "seconds_to_account"},
        }
        with capfd.disabled():
            print(f"\n{json.dumps(report, indent=2)}")  # noqa: T201 - the ledger is what this test is for
        assert report["dead letters"] == 0
        assert ledger.whole(resent_mails=resent)


def _journeys(deals: Sequence[str], random: Random) -> Iterator[tuple[str, str]]:
    """Give each deal's way through some stages to the last one, all of them mixed, each in its own order."""
    ways = {deal: [stage for stage in PATH[:-1] if random.random() < 0.5] + [PATH[-1]] for deal in deals}
    while ways:
        deal = random.choice(sorted(ways))
        yield deal, ways[deal].pop(0)
        if not ways[deal]:
            del ways[deal]


def _schedule(moves: int, kills: int, brokers: int, random: Random) -> dict[int, list[str]]:
    victims = ["subscriber", *WORKERS, "accounts-api", "mail"]
    # Everybody dies at least once; who dies more often is drawn.
    drawn = victims + [random.choice(victims) for _ in range(max(0, kills - len(victims)))]
    schedule: dict[int, list[str]] = {}
    for victim in drawn + (["broker"] if brokers > 1 else []):
        schedule.setdefault(random.randrange(moves), []).append(victim)
    return schedule


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


def _settled(deployment: Deployment, moves: list[Move]) -> tuple[Observed, Ledger]:
    """Look until the ledger is whole, or until nothing has changed for long enough to give up."""
    observer = Observer(deployment)
    state: dict[str, Observed | Ledger] = {}

    def whole() -> bool:
        deployment.mind()
        state["found"] = found = observer.observe()
        state["ledger"] = ledger = balance(moves, frozenset(PATH[-1:]), found)
        return ledger.whole(resent_mails=_resent(found))

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
        1
        for event in {event.id: event for event in found.events}.values()
        if event.step_type == "send_email" and event.kind == "step.completed" and '"resent"' in event.output
    )
