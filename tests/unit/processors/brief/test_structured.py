"""A brief by rules: what it makes of notes, people, work and history, always with its source."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from processors.brief.assembling import LARGEST_BRIEF, LONGEST_STATEMENT, MOST_STATEMENTS
from processors.brief.structured import structured
from schemas.brief import SECTIONS, Brief, Section
from schemas.deal import Activity, Contact, EnrichedDeal, Note, Opportunity, Person, StageMove
from tests.fixtures.effort import no_explosion
from tests.unit.processors.brief.held_out import HELD_OUT
from tests.unit.processors.brief.notes import CASES, Case

AT = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)


def a_deal(**fields: Any) -> EnrichedDeal:
    given = {"opportunity": Opportunity(id="006000000000001AAA", name="Acme renewal"), "as_of": AT, **fields}
    return EnrichedDeal(id="deal", org_id="00D000000000001AAA", **given)


def told(brief: Brief) -> dict[Section, list[str]]:
    return {name: [each.text for each in brief.section(name)] for name in SECTIONS if brief.section(name)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_evaluation(case: Case) -> None:
    note = Note(id="002000000000001AAA", title="Call", text=case.text, created_at=AT)
    brief = structured(a_deal(notes=(note,)), {})
    assert told(brief) == case.expected
    assert {source for name in SECTIONS for each in brief.section(name) for source in each.sources} <= {"n1"}


def test_every_statement_names_sources_that_are_listed_and_none_is_listed_for_nothing() -> None:
    brief = structured(a_full_deal(), {"handoff": {"goals": "Fewer tools", "go_live": date(2027, 1, 11)}})
    listed = [source.id for source in brief.sources]
    cited = {source for name in SECTIONS for each in brief.section(name) for source in each.sources}
    assert set(listed) == cited
    assert len(set(listed)) == len(listed)
    assert all(each.sources for name in SECTIONS for each in brief.section(name))


def a_full_deal() -> EnrichedDeal:
    return a_deal(
        opportunity=Opportunity(
            id="006000000000001AAA",
            name="Acme renewal",
            close_date=date(2026, 9, 30),
            next_step="We promised a kickoff agenda",
            owner=Person(name="Ada"),
        ),
        contacts=(
            Contact(id="003000000000001AAA", name="Zoe", title="CTO", role="Decision Maker", primary=True),
            Contact(id="003000000000002AAA", name="Kim", email="kim@buyer.test", phone="+49 30 1234567"),
        ),
        notes=(Note(id="002000000000001AAA", title="Call", text="They want to scale.", created_at=AT),),
        activities=(
            Activity(id="00T000000000001AAA", subject="Send quote", status="Waiting", on=date(2026, 9, 1)),
            Activity(id="00T000000000002AAA", subject="Send contract", on=date(2026, 9, 20), owner="Ada"),
            Activity(id="00T000000000003AAA", subject="Old call", status="Completed", on=date(2026, 8, 1)),
            Activity(id="00U000000000001AAA", kind="Event", subject="Kick-off", on=date(2026, 9, 22)),
            Activity(id="00U000000000002AAA", kind="Event", subject="Demo", on=date(2026, 9, 2)),
            Activity(id="00T000000000004AAA", subject="Due today", on=AT.date()),
        ),
        stage_history=(
            StageMove(stage="Closed Won", at=AT),
            StageMove(stage="Negotiation", at=AT - timedelta(days=4)),
            StageMove(stage="Proposal", at=AT - timedelta(days=10)),
            StageMove(stage="Negotiation", at=AT - timedelta(days=80)),
            StageMove(stage="Prospecting", at=AT - timedelta(days=90)),
        ),
    )  # fmt: skip


def test_a_whole_deal() -> None:
    brief = structured(
        a_full_deal(),
        {
            "handoff": {
                "goals": "Fewer tools",
                "go_live": date(2027, 1, 11),
                "remarks": "No risks.",
                "seats": 40,
            }
        },
    )
    assert told(brief) == {
        "goals": ["Goals: Fewer tools", "They want to scale."],
        "stakeholders": ["Zoe: CTO, Decision Maker, primary contact", "Kim", "Ada: owner of the deal"],
        "commitments": [
            "We promised a kickoff agenda",
            "Open task: Send contract (Ada), due 2026-09-20",
            "Open task: Due today, due 2026-09-14",
        ],
        "risks": [
            "Overdue since 2026-09-01: Send quote",
            "The deal stood in Negotiation for 70 days until 2026-09-04",
            "The deal went back to Negotiation on 2026-09-10",
        ],
        "dates": [
            "Go live: 2027-01-11",
            "Close date: 2026-09-30",
            "2026-09-22: Kick-off",
            "Closed Won since 2026-09-14, 90 days after Prospecting",
        ],
    }
    by_id = {source.id: source for source in brief.sources}
    assert (by_id["n1"].kind, by_id["n1"].title, by_id["n1"].at) == ("note", "Call", AT)
    assert by_id["a1"].record_id == "00T000000000001AAA"
    assert (brief.written_by, brief.fell_back) == ("structured", "")
    assert "buyer.test" not in brief.model_dump_json()
    assert "1234567" not in brief.model_dump_json()


def test_a_deal_won_in_a_day_is_remarked() -> None:
    moves = [("Closed Won", 0), ("Proposal", 2), ("Prospecting", 20)]
    history = tuple(StageMove(stage=stage, at=AT - timedelta(hours=hours)) for stage, hours in moves)
    assert told(structured(a_deal(stage_history=history), {}))["risks"] == [
        "The deal went through 3 stages within 0 days"
    ]


@pytest.mark.parametrize("as_of", [AT, None])
def test_nothing_is_there(as_of: datetime | None) -> None:
    brief = structured(a_deal(as_of=as_of), {})
    assert told(brief) == {}
    assert brief.sources == ()


def test_the_same_twice_is_one_statement_with_both_sources() -> None:
    notes = tuple(Note(id=str(number), text="They want to scale!") for number in range(3))
    (statement,) = structured(a_deal(notes=notes), {}).goals
    assert statement.sources == ("n1", "n2", "n3")


def test_the_same_input_gives_the_same_brief() -> None:
    one, other = (structured(a_full_deal(), {"goals": "x y"}).model_dump_json() for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (
            {"risks": "IT is short of people.\nOld ERP."},
            {"risks": ["IT is short of people.", "Risks: Old ERP."]},
        ),
        (
            {"risks": "IT is short of people, and has been for years now.\nTheir ERP is old too."},
            {"risks": ["IT is short of people, and has been for years now.", "Their ERP is old too."]},
        ),
        (
            {"key_dates": ["2027-01-11", "2027-02-01"]},
            {"dates": ["Key dates: 2027-01-11", "Key dates: 2027-02-01"]},
        ),
        ({"comment": "We promised SSO."}, {"commitments": ["We promised SSO."]}),
        ({"champion": "Ines <b>Ferreira</b>"}, {"stakeholders": ["Champion: Ines Ferreira"]}),
        ({"a": {"b": {"c": {"goal": "too deep"}}}}, {}),
        ({"goal": None, "risks": "", "dates": True, "amount": 3}, {}),
        ({"start": "2027-01-11T00:00:00Z"}, {"dates": ["Start: 2027-01-11T00:00:00Z"]}),
        ({"start": datetime(2027, 1, 11, tzinfo=UTC)}, {"dates": ["Start: 2027-01-11 00:00+00:00"]}),
    ],
)
def test_form_answers(answers: dict[str, Any], expected: dict[Section, list[str]]) -> None:
    assert told(structured(a_deal(), answers)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "They want to " + "grow and " * 5_000,
        "We promised x. " * 3_000,
        "risk " * 10_000,
        "\n".join(f"- We promised number {number}" for number in range(2_000)),
        "((((" * 8_000,
        "a." * 16_000,
        "." * 32_000,
        "x " + "?!" * 16_000,
        "thanks " + "1" * 32_000 + " x",
        "regards " * 4_000,
        ". ".join(f"{'x' * 390} by May {number}" for number in range(300)),
        "on " + "a " * 16_000 + "wrote",
        "- " * 16_000,
        "budget " * 5_000,
        "<" * 32_000,
        "1.1.1." * 5_000,
        "Risks:\n" * 5_000,
        "they asked " * 3_000,
        "🎉" * 30_000,
        "名前 risk " * 4_000,
    ],
)
def test_huge_and_hostile_notes_are_bounded(text: str) -> None:
    notes = tuple(Note(id=str(number), title=text, text=text, created_at=AT) for number in range(40))
    with no_explosion():
        brief = structured(
            a_deal(notes=notes), {"goals": text, "more": {f"risks{n}": text for n in range(100)}}
        )
    assert len(brief.model_dump_json().encode()) <= LARGEST_BRIEF
    for name in SECTIONS:
        assert len(brief.section(name)) <= MOST_STATEMENTS
        assert all(len(each.text) <= LONGEST_STATEMENT for each in brief.section(name))


def test_notes_that_the_cues_were_not_made_for() -> None:
    right = found = expected = 0
    for case in HELD_OUT:
        notes = (Note(id="1", text=case.text, created_at=AT),)
        brief = told(structured(a_deal(notes=notes), {}))
        got = {(section, text) for section, texts in brief.items() for text in texts}
        wanted = {(section, text) for section, texts in case.expected.items() for text in texts}
        right, found, expected = right + len(got & wanted), found + len(got), expected + len(wanted)
    assert right / found >= 0.95  # what is said is right
    assert right / expected >= 0.7  # and most of it is said
