"""Which briefs are kept, and what the day has cost."""

from datetime import date

from processors.brief.keeping import (
    MOST_DEALS,
    answered_before,
    booked,
    spent,
    with_brief,
    written_before,
)
from schemas.brief import Brief
from schemas.brief_book import BriefBook, KeptBrief, KeptBriefs

TODAY, TOMORROW = date(2026, 9, 14), date(2026, 9, 15)
MODEL, RULES = Brief(written_by="model"), Brief(fell_back="it did not answer")


def kept(*entries: tuple[str, int, str, Brief]) -> KeptBriefs:
    held = KeptBriefs()
    for command_id, attempt, digest, brief in entries:
        entry = KeptBrief(command_id=command_id, attempt=attempt, digest=digest, brief=brief)
        held = with_brief(held, entry)
    return held


def test_the_same_attempt_is_answered_the_same_whoever_wrote_it() -> None:
    held = kept(("c1", 1, "", RULES), ("c2", 1, "d", MODEL))
    assert answered_before(held, "c1", 1) == RULES
    assert answered_before(held, "c1", 2) is None
    assert answered_before(KeptBriefs(), "c1", 1) is None


def test_the_same_content_is_asked_once_but_not_what_fell_back() -> None:
    held = kept(("c1", 1, "d1", MODEL), ("c2", 1, "d2", RULES))
    assert written_before(held, "d1") == MODEL
    assert written_before(held, "d2") is None
    assert written_before(held, "d3") is None


def test_only_the_last_few_of_a_deal_are_kept() -> None:
    held = kept(*((f"c{number}", 1, f"d{number}", MODEL) for number in range(10)))
    assert [each.command_id for each in held.briefs] == ["c7", "c8", "c9"]


def test_the_tokens_of_a_day_add_up_and_a_new_day_begins_at_nothing() -> None:
    book = BriefBook()
    for tokens in (100, 20):
        book = booked(book, "a", day=TODAY, tokens=tokens).book
    assert (spent(book, TODAY), spent(book, TOMORROW)) == (120, 0)
    assert spent(booked(book, "a", day=TOMORROW, tokens=5).book, TOMORROW) == 5


def test_the_deals_written_longest_ago_are_forgotten() -> None:
    book = BriefBook()
    forgotten: list[str] = []
    for number in [*range(MOST_DEALS), 0, 1, MOST_DEALS]:
        after = booked(book, f"deal-{number}", day=TODAY, tokens=0)
        book, forgotten = after.book, [*forgotten, *after.forgotten]
    assert forgotten == ["deal-2"]
    assert len(book.kept) == MOST_DEALS
    assert book.kept[-3:] == ("deal-0", "deal-1", f"deal-{MOST_DEALS}")
