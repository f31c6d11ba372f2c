"""Applying writes what changed and nothing else; what was written folds into the same catalogue again."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from processors.applying import Applied, plan
from processors.catalogue import Catalogue, control_key, fold
from processors.lint_library import library
from processors.yaml_documents import parse
from schemas.control import ControlRecord
from schemas.definition.documents import Workflow
from schemas.definition.queue import Absence
from schemas.errors import UnreadableError
from tests.unit.processors.engine import ROOT, T0, example_catalogue

SHARED = (ROOT / "examples" / "shared.yaml").read_text("utf-8")
FLOW = (ROOT / "examples" / "automated-creation.yaml").read_text("utf-8")
NAME = "automated-creation"
DRAFT = FLOW.replace("status: active", "status: draft")
CHANGED = FLOW.replace("deal.amount < 50000.0", "deal.amount < 60000.0")
LATER = T0 + timedelta(days=1)


class Log:
    """A control topic: what was applied so far, in order."""

    def __init__(self) -> None:
        self.records: list[ControlRecord] = []

    @property
    def catalogue(self) -> Catalogue:
        return fold(self.records)

    def apply(self, *texts: str, at: datetime = T0) -> list[Applied]:
        placed = [each for text in texts for each in parse(text, "test.yaml")]
        workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
        applied = list(plan(workflows, library(placed), self.catalogue, at=at, actor="ada"))
        self.records += [record for each in applied for record in each.records]
        return applied


def keys(applied: Sequence[Applied]) -> list[str]:
    return [control_key(record) for each in applied for record in each.records]


def test_what_is_new_is_written() -> None:
    applied = Log().apply(SHARED, FLOW)
    assert keys(applied) == [
        "queue:onboarding",
        "queue:enterprise-csms",
        "queue:smb-pool",
        "workflow:automated-creation:1",
        "workflow:automated-creation:active",
    ]
    assert applied[0].what == "queue onboarding: 3 people"
    assert applied[-1].what == "workflow automated-creation: v1 is new, now active"
    records = [record for each in applied for record in each.records]
    assert {(record.at, record.actor) for record in records} == {(T0, "ada")}
    assert len({record.id for record in records}) == len(records)


def test_a_version_holds_all_it_names_and_nothing_else() -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    version = log.catalogue.versions[NAME, 1]
    assert set(version.mappings) == {"standard"}
    assert set(version.templates) == {"standard-onboarding"}
    assert set(version.emails) == {"handoff"}


def test_the_same_again_writes_nothing() -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    again = log.apply(SHARED, FLOW, at=LATER)
    assert keys(again) == []
    assert [each.what for each in again] == ["workflow automated-creation: v1 is unchanged, active"]


def test_comments_and_the_order_of_keys_change_nothing() -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    moved = FLOW.replace(f"name: {NAME}\n", "").replace("steps:", f"name: {NAME}\n# said\nsteps:")
    assert moved != FLOW
    assert keys(log.apply(SHARED, moved, at=LATER)) == []


@pytest.mark.parametrize(
    ("shared", "flow"),
    [
        (SHARED, CHANGED),
        (SHARED.replace("First review after 30 days", "First review after 60 days"), FLOW),
        (SHARED.replace("Hello {{ csm.name }},\n\n", "Good day {{ csm.name }},\n\n"), FLOW),
        (SHARED.replace("transform: trim", "transform: upper"), FLOW),
    ],
)
def test_what_changed_is_a_second_version_active_since_the_first(shared: str, flow: str) -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    applied = log.apply(shared, flow, at=LATER)
    assert keys(applied) == ["workflow:automated-creation:2", "workflow:automated-creation:active"]
    assert applied[-1].what == "workflow automated-creation: v2 is new, now active"
    (active,) = log.catalogue.active()
    assert (active.version.version, active.since) == (2, T0)
    assert set(log.catalogue.versions) == {(NAME, 1), (NAME, 2)}, "runs stay pinned to the first"


def test_what_another_workflow_names_makes_no_version() -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    assert keys(log.apply(SHARED.replace("Self-service set-up", "Guided set-up"), FLOW)) == []


def test_going_back_is_a_version_of_its_own() -> None:
    log = Log()
    for flow in (FLOW, CHANGED, FLOW):
        log.apply(SHARED, flow)
    latest = log.catalogue.latest(NAME)
    assert latest is not None
    assert latest.version == 3


def test_a_draft_starts_nothing_until_it_is_active() -> None:
    log = Log()
    first = log.apply(SHARED, DRAFT)
    assert first[-1].what == "workflow automated-creation: v1 is new, a draft"
    assert list(log.catalogue.active()) == []
    second = log.apply(SHARED, FLOW, at=LATER)
    assert keys(second) == ["workflow:automated-creation:active"], "the status makes no version"
    (active,) = log.catalogue.active()
    assert (active.version.version, active.since) == (1, LATER)


def test_what_becomes_a_draft_and_active_again_begins_anew() -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    stopped = log.apply(SHARED, DRAFT, at=LATER)
    assert stopped[-1].what == "workflow automated-creation: v1 is unchanged, now a draft"
    assert list(log.catalogue.active()) == []
    assert keys(log.apply(SHARED, DRAFT, at=LATER)) == []
    log.apply(SHARED, FLOW, at=LATER + timedelta(days=1))
    (active,) = log.catalogue.active()
    assert active.since == LATER + timedelta(days=1), "deals of the time between are not enrolled"


def test_a_queue_alone_changes_alone() -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    fewer = SHARED.replace("  - {name: Ben Ruiz, email: ben.ruiz@thread.example}\n", "")
    applied = log.apply(fewer, FLOW, at=LATER)
    assert keys(applied) == ["queue:onboarding"]
    assert applied[0].what == "queue onboarding: 2 people"
    assert len(log.catalogue.queues["onboarding"].members) == 2


def test_the_latest_record_of_a_key_holds() -> None:
    log = Log()
    for text in (SHARED, SHARED.replace("Ada Osei", "Ada O."), SHARED):
        log.apply(text)
    assert log.catalogue.queues["onboarding"].members[0].name == "Ada Osei"
    assert fold(log.records * 2) == log.catalogue, "records that arrive twice change nothing"


def test_an_activation_before_its_version_starts_nothing() -> None:
    log = Log()
    log.apply(SHARED, FLOW)
    activation = [record for record in log.records if record.kind == "active"]
    assert list(fold(activation).active()) == []
    assert fold(activation + log.records) == log.catalogue


def test_the_active_workflows_come_by_name() -> None:
    names = [each.version.name for each in example_catalogue().active()]
    assert names == ["approval-gate", "automated-creation", "segment-routing"]


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("workflow", "{}", "name: Field required (workflow:x:3)"),
        ("workflow", "not JSON", "Invalid JSON"),
        ("active", '{"version": "many"}', "version: Input should be a valid integer"),
        ("active", "[]", "(workflow:x:active)"),
        (
            "queue",
            '{"kind": "queue", "name": "x", "members": []}',
            "members: Tuple should have at least 1 item",
        ),
        ("queue", "", "(queue:x)"),
        ("active", '{"version": 1, "since": "soon"}', "(workflow:x:active)"),
        ("active", '{"version": 1, "since": "2026-09-15T08:30:00"}', "(workflow:x:active)"),
    ],
)
def test_a_control_record_that_does_not_hold_is_named(kind: str, body: str, words: str) -> None:
    record = ControlRecord(id="r", org_id="", kind=kind, name="x", version=3, body=body, at=T0, actor="ada")
    with pytest.raises(UnreadableError) as caught:
        fold([record])
    assert words in str(caught.value)
    assert "the control record does not hold" in caught.value.what


def test_control_records_of_another_kind_are_passed_over() -> None:
    record = ControlRecord(id="r", org_id="", kind="note", name="x", version=0, body="", at=T0, actor="ada")
    assert fold([record]) == Catalogue()
    assert control_key(record) == "note:x"


def absence(email: str, **body: str | None) -> ControlRecord:
    return ControlRecord(id="a", org_id="", kind="absence", name=email, body=json.dumps(body))


def test_who_is_paused_is_known_until_they_are_resumed() -> None:
    paused = absence("Ann@thread.example", until="2026-12-01", reason="leave")
    assert fold([paused]).absences == {"ann@thread.example": Absence(until=date(2026, 12, 1), reason="leave")}
    assert fold([paused, absence("ann@thread.example", until=None)]).absences == {}
    assert control_key(paused) == "absence:Ann@thread.example"


def test_a_queue_is_written_as_it_is_read() -> None:
    text = (
        "kind: queue\nname: own\ntime_zone: Asia/Tokyo\npolicy: weighted\nmembers:\n"
        "  - {name: A, email: a@x.example, weight: 3, capacity: 9, when: 'true',"
        " away: [{from: 2026-12-24, to: 2027-01-02}]}\n"
    )
    log = Log()
    log.apply(text)
    assert log.catalogue.queues["own"] == parse(text, "f")[0].document
    assert log.apply(text) == []
