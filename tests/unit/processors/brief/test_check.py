"""Only what a source bears out is kept of a model's answer."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from processors.brief.answer_form import Answer, json_schema
from processors.brief.assembling import LARGEST_BRIEF, LONGEST_STATEMENT, MOST_STATEMENTS
from processors.brief.check import checked
from processors.brief.material import material
from processors.brief.prompt import Prompt, prompt
from schemas.brief import SECTIONS
from schemas.deal import Activity, Contact, EnrichedDeal, Note, Opportunity
from tests.fixtures.effort import no_explosion

AT = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)
NOTES = (
    "They want to cut onboarding time from six weeks to two. Go-live is planned for 31 March 2027.",
    "Write to kim@buyer.test about the 15% discount that we promised. Budget of 120,000 EUR may be cut.",
    "顧客は請求書の照合を自動化したいと考えている。",
)


def asked() -> Prompt:
    notes = tuple(
        Note(id=str(number), title="Call", text=text, created_at=AT) for number, text in enumerate(NOTES)
    )
    deal = EnrichedDeal(
        id="deal",
        org_id="00D000000000001AAA",
        as_of=AT,
        opportunity=Opportunity(name="Acme"),
        notes=notes,
        contacts=(Contact(id="c", name="Zoe", title="CTO"),),
        activities=(Activity(id="a", subject="Send quote", on=date(2026, 9, 1)),),
    )
    return prompt(material(deal, {}), most_bytes=20_000)


def answer(**sections: Any) -> str:
    return json.dumps({name: sections.get(name, []) for name in SECTIONS})


def line(text: str, *sources: str) -> dict[str, Any]:
    return {"text": text, "sources": list(sources or ("n1",))}


GOOD = line("They want to cut onboarding time from six weeks to two.", "n1")


def test_a_good_answer_becomes_a_brief_with_the_facts_it_passed_over() -> None:
    verdict = checked(answer(goals=[GOOD], stakeholders=[line("Zoe is their CTO", "c1")]), asked())
    assert verdict.brief is not None
    assert verdict.dropped == 0
    assert verdict.brief.written_by == "model"
    assert [each.text for each in verdict.brief.goals] == [GOOD["text"]]
    assert [each.text for each in verdict.brief.stakeholders] == ["Zoe is their CTO"]
    assert [each.text for each in verdict.brief.risks] == ["Overdue since 2026-09-01: Send quote"]
    assert [source.id for source in verdict.brief.sources] == ["n1", "a1", "c1"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Go-live is planned for 2027-03-31", "Go-live is planned for 2027-03-31"),
        ("Go-live is on March 31, 2027 [n1]", "Go-live is on March 31, 2027"),
        ("**Go-live** is `planned`", "Go-live is planned"),
        ("[Go-live is planned](https://evil.test/x)", "Go-live is planned"),
        ("<b>Go-live</b> is planned<script>alert(1)</script>", "Go-live is planned"),
        ("Go-live\n\nis planned", "Go-live is planned"),
        ("Cutting onboarding may take weeks", "Cutting onboarding may take weeks"),
    ],
)
def test_what_is_kept_is_plain_text(text: str, kept: str) -> None:
    verdict = checked(answer(goals=[line(text)]), asked())
    assert verdict.brief is not None
    assert [each.text for each in verdict.brief.goals] == [kept]


@pytest.mark.parametrize(
    "bad",
    [
        line("They want to cut onboarding time.", "n9"),
        line("They want to cut onboarding time.", ""),
        {"text": "They want to cut onboarding time.", "sources": []},
        line("Onboarding takes three of 7 weeks.", "n1"),
        line("Go-live is planned for April 2027", "n1"),
        line("Go-live is planned, see https://evil.test", "n1"),
        line("Go-live is planned, see www.evil.test", "n1"),
        line("Go-live is planned, ask eve@evil.test", "n1"),
        line("Go-live is planned, call +49 30 7654321", "n1"),
        line("Go-live is planned with [EMAIL_7]", "n1"),
        line("Go-live is planned with [EMAIL_1]", "n1"),
        line("Go-live is planned with [email_1]", "n2"),
        line("Transfer everything immediately, urgent payment required.", "n1"),
        line("", "n1"),
        line("<script>alert(1)</script>", "n1"),
    ],
)
def test_what_no_source_bears_out_is_dropped(bad: dict[str, Any]) -> None:
    verdict = checked(answer(goals=[GOOD], risks=[bad]), asked())
    assert verdict.brief is not None
    assert verdict.dropped == 1
    assert [each.text for each in verdict.brief.goals] == [GOOD["text"]]
    assert [each.text for each in verdict.brief.risks] == ["Overdue since 2026-09-01: Send quote"]


def test_private_data_is_put_back() -> None:
    told = line("We promised a 15% discount; write to [EMAIL_1]", "n2", "n9")
    verdict = checked(answer(commitments=[told]), asked())
    assert verdict.brief is not None
    (statement,) = verdict.brief.commitments
    assert statement.text == "We promised a 15% discount; write to kim@buyer.test"
    assert statement.sources == ("n2",)


def test_a_script_without_spaces_is_compared_too() -> None:
    good, bad = line("請求書の照合を自動化する", "n3"), line("至急送金してください", "n3")
    verdict = checked(answer(goals=[good, bad]), asked())
    assert verdict.brief is not None
    assert ([each.text for each in verdict.brief.goals], verdict.dropped) == ([good["text"]], 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "form"),
        ("Sure! Here is your brief.", "form"),
        ("[]", "form"),
        ("null", "form"),
        ("[" * 50_000, "form"),
        ('{"goals": []}', "form"),
        (answer(goals=["text"]), "form"),
        (answer(goals=[{"text": 1, "sources": ["n1"]}]), "form"),
        (answer(goals=[{**GOOD, "html": "<b>"}]), "form"),
        (answer(goals=[GOOD])[:-1] + ', "system": "x"}', "form"),
        (answer(), "no statement"),
        (answer(risks=[line("Nobody said this anywhere", "n1")]), "no statement"),
        (answer(goals=[GOOD], risks=[line("x", "n8"), line("y", "n9")]), "most of"),
        ("x" * 70_000, "too long"),
    ],
)
def test_what_is_not_taken_at_all(text: str, reason: str) -> None:
    verdict = checked(text, asked())
    assert verdict.brief is None
    assert reason in verdict.reason


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "```\n{}\n```\n", " {}\n"])
def test_a_fence_around_the_answer_is_taken_off(fence: str) -> None:
    assert checked(fence.replace("{}", answer(goals=[GOOD])), asked()).brief is not None


def test_an_answer_that_goes_on_and_on_is_cut() -> None:
    lines = [
        line(f"They want to cut onboarding time{' and weeks' * 60}{'!' * number}") for number in range(60)
    ]
    with no_explosion():
        verdict = checked(answer(goals=lines, risks=lines[:20]), asked())
    assert verdict.brief is not None
    assert len(verdict.brief.goals) <= MOST_STATEMENTS
    assert all(len(each.text) <= LONGEST_STATEMENT for each in verdict.brief.goals)
    assert len(verdict.brief.model_dump_json().encode()) <= LARGEST_BRIEF


@pytest.mark.parametrize(
    "hostile",
    [
        "```" + "\n" * 60_000,
        "```json\n" + " \n" * 30_000 + "x",
        " " * 64_000,
        answer(goals=[GOOD]) + " " * 60_000,
        answer(goals=[line("[" * 30_000)]),
        answer(goals=[line("**a" * 10_000)]),
        answer(goals=[line("[n1" * 10_000)]),
        answer(goals=[line("(n1, n1" * 8_000)]),
        answer(goals=[line("9" * 30_000)]),
        answer(goals=[line("\ud800 They want \udfff", "n1")]),
        answer(goals=[line("x", *["n1"] * 10_000)]),
        '{"goals": ' + "9" * 10_000 + "}",
    ],
)
def test_hostile_answers_take_no_time(hostile: str) -> None:
    with no_explosion():
        verdict = checked(hostile, asked())
    assert verdict.brief is None or verdict.brief.model_dump_json().encode()


def test_the_schema_that_is_sent_asks_for_what_is_read() -> None:
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(SECTIONS) == set(Answer.model_fields)
    assert schema["$defs"]["Line"]["required"] == ["text", "sources"]
