"""Why a deal has no run: from what was heard of it, and from what would have started one."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from processors.catalogue import Catalogue
from processors.explaining_absence import Heard, explain_absence, latest
from schemas.change import Checkpoint
from schemas.definition.documents import Activation
from schemas.ids import derived_id
from schemas.run_summary import NOT_ENROLLED, RunSummary
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED, StageEntry
from tests.unit.processors.engine import OPPORTUNITY, ORG, T0, catalogue_of, entry

HOUR = timedelta(hours=1)
WORKER = "Does a worker with the role workflow run?"


def workflow(trigger: str = "", *, name: str = "w", status: str = "active") -> str:
    return (
        f"kind: workflow\nname: {name}\nstatus: {status}\ntrigger: {{stages: [Closed Won]{trigger}}}\n"
        "steps:\n  - {id: done, type: end}\n"
    )


def catalogue(*texts: str, since: timedelta = -HOUR) -> Catalogue:
    """Give a catalogue whose workflows are in force since so long after the deal entered its stage."""
    made = catalogue_of(*texts)
    active = {
        name: each.model_copy(update={"since": (T0 + since).isoformat()})
        for name, each in made.activations.items()
    }
    return Catalogue(made.versions, active)


ACTIVE = catalogue(workflow())
NONE = Catalogue()


def checkpoint(
    org: str = ORG, *, ago: timedelta = timedelta(), epoch: int = 1, sequence: int = 1
) -> Checkpoint:
    return Checkpoint(
        id=f"{org}-{epoch}-{sequence}", org_id=org, channel="/data/OpportunityChangeEvent", epoch=epoch,
        sequence=sequence, last_event_at=T0 - HOUR, quiet_until=T0 - ago,
    )  # fmt: skip


def refusal(reason: str, name: str = "w") -> RunSummary:
    return RunSummary(run_id=f"refused-{name}", org_id=ORG, opportunity_id=OPPORTUNITY, workflow_id=name,
                      workflow_version=1, status=NOT_ENROLLED, reason=reason)  # fmt: skip


def told(kind: str, stage: str = "Closed Won") -> StageEntry:
    return entry(stage).model_copy(update={"kind": kind, "id": derived_id(kind, stage)})


def why(
    *entries: StageEntry,
    of: Catalogue = ACTIVE,
    refused: Sequence[RunSummary] = (),
    checkpoints: Sequence[Checkpoint] = (),
    orgs: int = 1,
) -> list[str]:
    heard = Heard(entries=entries, refused=refused, checkpoints=checkpoints, catalogue=of, orgs=orgs)
    return explain_absence(heard, T0)


@pytest.mark.parametrize(
    ("checkpoints", "orgs", "says"),
    [
        ([], 0, "No org is connected"),
        ([], 1, "No org was ever listened to"),
        ([checkpoint()], 1, f"it has entered no stage since org {ORG} was connected"),
        ([checkpoint(ago=timedelta(minutes=2))], 1, "it has entered no stage"),
        ([checkpoint(ago=timedelta(minutes=3))], 1, f"org {ORG} up to 2026-09-15 08:27:00 UTC"),
        ([checkpoint("one"), checkpoint("two", ago=HOUR)], 2, "of org two up to 2026-09-15 07:30:00 UTC;"),
        ([checkpoint().model_copy(update={"quiet_until": None})], 1, "up to 2026-09-15 07:30:00 UTC"),
        (
            [checkpoint().model_copy(update={"quiet_until": None, "last_event_at": None})],
            1,
            "up to 1970-01-01",
        ),
    ],
)
def test_a_deal_that_was_not_heard_of(checkpoints: list[Checkpoint], orgs: int, says: str) -> None:
    (sentence,) = why(checkpoints=checkpoints, orgs=orgs)
    assert says in sentence


@pytest.mark.parametrize(
    ("entries", "of", "says"),
    [
        (
            [entry(), told(OPPORTUNITY_DELETED)],
            ACTIVE,
            "The opportunity was deleted at 2026-09-15 08:30:00 UTC.",
        ),
        ([entry()], NONE, "No workflow is active: type dealwire apply"),
        (
            [entry("Prospecting")],
            ACTIVE,
            "It entered Prospecting, and workflows start at Closed Won. The last one",
        ),
        ([told(OPPORTUNITY_UNDELETED)], ACTIVE, "It entered no stage, and workflows start at Closed Won."),
        (
            [entry()],
            ACTIVE,
            f"w has not answered yet: the deal entered Closed Won at 2026-09-15 08:30:00 UTC. {WORKER}",
        ),
        (
            [entry()],
            catalogue(workflow(), since=HOUR),
            "w did not start: the deal entered Closed Won at 2026-09-15 08:30:00 UTC, and it is active since",
        ),
        ([entry()], catalogue(workflow(), since=timedelta(seconds=5)), WORKER),
        ([entry()], catalogue(workflow(status="draft")), "w v1 is not active; Closed Won would start it."),
        (
            [entry()],
            catalogue(workflow(", orgs: [00D000000000001AAA]")),
            f"w did not start: it is not for org {ORG}.",
        ),
        (
            [entry()],
            catalogue(workflow(", entering: [create]")),
            "the deal was moved to Closed Won, and it starts only by create.",
        ),
        (
            [entry().model_copy(update={"created_in_stage": True})],
            catalogue(workflow(", entering: [change]")),
            "the deal was created in Closed Won, and it starts only by change.",
        ),
        (
            [entry(), entry("Closed Lost", T0 + HOUR)],
            ACTIVE,
            "w has not answered yet: the deal entered Closed Won",
        ),
    ],
)
def test_a_deal_that_was_heard_of(entries: list[StageEntry], of: Catalogue, says: str) -> None:
    (sentence,) = why(*entries, of=of)
    assert says in sentence


def test_a_workflow_that_said_no_is_not_waited_for() -> None:
    assert why(entry(), refused=[refusal("the filter does not hold.")]) == [
        "w did not start: the filter does not hold."
    ]
    assert why(entry(), refused=[refusal("")]) == ["w did not start: no reason was told."]


def test_each_workflow_has_its_own_sentence() -> None:
    several = catalogue(workflow(), workflow(name="x"), workflow(name="y", status="draft"))
    sentences = why(entry(), of=several, refused=[refusal("run r exists")])
    assert [sentence.split(" ", 1)[0] for sentence in sentences] == ["w", "x", "y"]


def test_a_retired_workflow_is_not_active() -> None:
    retired = Catalogue(ACTIVE.versions, {"w": Activation(since=T0.isoformat(), retired=True)})
    assert why(entry(), of=retired) == ["w v1 is not active; Closed Won would start it."]


def test_the_checkpoint_that_holds_is_the_one_of_the_latest_epoch() -> None:
    old, new, other = checkpoint(epoch=1, sequence=9), checkpoint(epoch=2), checkpoint("another")
    assert latest([new, old, other]) == [new, other]
    assert latest([old, new]) == [new]
