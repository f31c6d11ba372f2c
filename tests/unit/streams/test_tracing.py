"""Trace context: kept when valid, computed otherwise, and a span of its own for each output."""

import re

import pytest

from streams.tracing import child, continued

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_keeps_a_valid_one() -> None:
    assert continued(GOOD, "id") == GOOD


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "nonsense",
        GOOD.upper(),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        GOOD + "-more",
    ],
)
def test_computes_one_from_the_record_otherwise(given: str | None) -> None:
    made = continued(given, "id")
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", made)
    assert made == continued(None, "id") != continued(None, "another id")


def test_an_output_continues_the_trace_under_its_own_span() -> None:
    made = child(GOOD, "output")
    assert made.split("-")[1] == GOOD.split("-")[1]
    assert made.split("-")[2] != GOOD.split("-")[2]
    assert made == child(GOOD, "output") != child(GOOD, "another output")
