"""Accounts that exist already, through the engine: joined, created beside, or asked about."""

import pytest

from processors.matching import By, Match
from processors.sample import ACCOUNT
from schemas.account import Account, UpsertAccount
from schemas.run import Status
from tests.unit.processors.engine import OPPORTUNITY, ORG, World, catalogue_of, entry
from tests.unit.processors.test_people import REP, SHARED


def joining(existing: str, *accounts: Account) -> World:
    made = World(
        catalogue_of(
            "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
            f"  - {{id: create, type: create_account, existing: {existing}}}\n"
            f"  - {{id: done, type: end}}\n{SHARED}"
        )
    )
    made.existing = [Match(account=each, by=By.DOMAIN, score=0.95) for each in accounts]
    made.take(entry())
    made.settle()
    return made


KNOWN = ACCOUNT.model_copy(
    update={"id": "held", "key": "another:deal", "revision": 7, "name": "Acme Ltd", "industry": "Energy"}
)


def stored(world: World) -> Account:
    (command,) = world.commands(UpsertAccount)
    assert isinstance(command, UpsertAccount)
    assert command.account is not None
    return command.account


@pytest.mark.parametrize(
    ("existing", "found", "key", "revision"),
    [
        ("create", (KNOWN,), None, 1),
        ("link", (KNOWN,), "another:deal", 8),
        ("link", (), None, 1),
        ("ask", (), None, 1),
    ],
)
def test_an_account_that_exists_is_joined_as_the_step_says(
    existing: str, found: tuple[Account, ...], key: str | None, revision: int
) -> None:
    world = joining(existing, *found)
    account = stored(world)
    assert (account.key, account.revision) == (key or f"{ORG}:{OPPORTUNITY}", revision)
    assert account.name == "Acme - Onboarding 2026"
    assert account.industry == ("Energy" if key else None)
    assert world.status() is Status.COMPLETED


@pytest.mark.parametrize(
    ("choice", "key"), [("another:deal", "another:deal"), ("new", f"{ORG}:{OPPORTUNITY}")]
)
def test_a_person_chooses_which_account_it_is(choice: str, key: str) -> None:
    world = joining("ask", KNOWN)
    assert world.commands(UpsertAccount) == []
    task = world.task
    assert [each.key for each in task.choices] == ["another:deal", "new"]
    refused = world.say("choose", task_id=task.id, actor=REP, values={"choice": "elsewhere"})
    assert "is no choice" in refused.reason
    world.say("choose", task_id=task.id, actor=REP, values={"choice": choice})
    assert stored(world).key == key
    assert world.status() is Status.COMPLETED
