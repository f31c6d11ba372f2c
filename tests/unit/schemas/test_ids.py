"""Ids are computed from their cause: equal causes give equal ids, different ones never meet."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.errors import UnreadableError

ALPHANUMERIC = st.characters(codec="ascii", categories=("Lu", "Ll", "Nd"))


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("0015f00002JUZPD", "0015f00002JUZPDAA5"),
        ("006SM0000001Tb3", "006SM0000001Tb3YAE"),
        ("001ZM000001n4n5", "001ZM000001n4n5YAA"),
        ("0055f000005mc66", "0055f000005mc66AAA"),
        ("005SM000000146P", "005SM000000146PYAQ"),
    ],
)
def test_the_check_characters_are_those_salesforce_prints(short: str, long: str) -> None:
    assert ids.id18(short) == long
    assert ids.id18(long) == long
    assert ids.id18(long[:15] + long[15:].lower()) == long


@pytest.mark.parametrize(
    "text",
    [
        "",
        "006",
        "006SM0000001Tb",
        "006SM0000001Tb3YA",
        "006SM0000001Tb3AAA",  # wrong check characters
        "https://elsewhere.example/x",
        "../../../services",
        "006SM0000001Tb3\n",
        "006SM0000001Tb'",
        "００６SM0000001Tb3",  # noqa: RUF001 - full-width digits are the point
    ],
)
def test_what_is_no_record_id_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        ids.id18(text)


@given(st.text(ALPHANUMERIC, min_size=15, max_size=15))
def test_18_characters_tell_records_apart_whatever_the_case(base: str) -> None:
    swapped = base.swapcase()
    if swapped != base:
        assert ids.id18(base).lower() != ids.id18(swapped).lower()


def test_a_stage_entry_is_the_same_by_whichever_way_and_zone_it_was_heard() -> None:
    moment = datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    same = ids.stage_entry_id("org", "opp", "Closed Won", moment)
    assert ids.stage_entry_id("org", "opp", "Closed Won", elsewhere) == same
    assert ids.stage_entry_id("org", "opp", "Closed Won", moment.replace(microsecond=999_999)) == same
    assert ids.stage_entry_id("org", "opp", "Closed Won", moment + timedelta(seconds=1)) != same


@given(
    st.lists(st.text(max_size=6), min_size=2, max_size=2),
    st.lists(st.text(max_size=6), min_size=2, max_size=2),
)
def test_no_two_causes_run_together(one: list[str], other: list[str]) -> None:
    assert (ids.derived_id("x", *one) == ids.derived_id("x", *other)) == (one == other)


def test_ids_of_old_records_stay_what_they_were() -> None:
    moment = datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)
    assert [
        ids.change_id("00D", "Opportunity", "tx", 1, "006"),
        ids.stage_entry_id("00D", "006", "Closed Won", moment),
        ids.run_id("closed-won", "00D", "006", "006"),
        ids.effect_id("run", "create", 1),
        ids.account_id("00D:006"),
        ids.event_id("run", 1),
        ids.message_id("command", "mail.example"),
    ] == PINNED


PINNED = [
    "da85be13-e0e1-509e-b75f-5c4fb9926214",
    "6bebcf50-1bfc-59ec-ae52-d42f84ee4a0b",
    "f946b94b-b55a-5597-a3e7-878a59e8756b",
    "5a8c1402-e67e-541c-8ac9-686efcb62184",
    "3c18cd15-0981-5ae3-9995-2fe560e021d4",
    "f2324548-96f9-5485-8b99-09596e65ff10",
    "<command@mail.example>",
]
