"""A run's variables: JSON whatever comes, bounded, and published with their types."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from processors.variables import LARGEST, plain, publishable, with_variables
from schemas.errors import StepError
from schemas.run import Run
from tests.unit.processors.engine import OPPORTUNITY, ORG

RUN = Run(id="r", org_id=ORG, opportunity_id=OPPORTUNITY, workflow="w", version=1, variables={"kept": 1})


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ("text", "text"),
        (Decimal(40000), 40000),
        (Decimal("40000.0"), 40000),
        (Decimal("0.1"), 0.1),
        (date(2026, 9, 30), "2026-09-30"),
        (datetime(2026, 9, 30, 8, tzinfo=UTC), "2026-09-30T08:00:00+00:00"),
        ((1, Decimal("2.5")), [1, 2.5]),
        ({"a": [{"b": date(2026, 9, 30)}], 2: Decimal(3)}, {"a": [{"b": "2026-09-30"}], "2": 3}),
        (Odd(), "odd"),
    ],
)
def test_a_value_is_kept_as_json_holds_it(value: Any, kept: Any) -> None:
    assert plain(value) == kept
    assert type(plain(value)) is type(kept)
    json.dumps(plain(value))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "string", None),
        (True, "boolean", "true"),
        (False, "boolean", "false"),
        (7, "double", "7"),
        (1e21, "double", "1000000000000000000000"),
        (Decimal("40000.50"), "double", "40000.5"),
        (0.1, "double", "0.1"),
        (datetime(2026, 9, 30, 8, tzinfo=UTC), "datetime", "2026-09-30T08:00:00+00:00"),
        (date(2026, 9, 30), "date", "2026-09-30"),
        ("2026-09-30", "string", "2026-09-30"),
        ("", "string", ""),
    ],
)
def test_a_value_is_published_with_its_type(value: Any, kind: str, text: str | None) -> None:
    published = publishable(value)
    assert (published.type, published.value) == (kind, text)


def test_what_has_parts_is_published_as_json() -> None:
    assert json.loads(publishable({"a": [1, Decimal("2.5")]}).value or "") == {"a": [1, 2.5]}


def test_new_variables_stand_beside_those_there_are() -> None:
    assert with_variables(RUN, {"new": Decimal(2)}).variables == {"kept": 1, "new": 2}
    assert with_variables(RUN, {"kept": 3}).variables == {"kept": 3}
    assert RUN.variables == {"kept": 1}


def test_variables_have_a_largest_size_to_the_byte() -> None:
    room = LARGEST - len(json.dumps({"kept": 1, "long": ""}))
    assert len(json.dumps(with_variables(RUN, {"long": "x" * room}).variables)) == LARGEST
    with pytest.raises(StepError, match=f"take {LARGEST + 1} bytes") as caught:
        with_variables(RUN, {"short": "", "long": "x" * (room + 1 - len(', "short": ""'))})
    assert caught.value.on == "variable long"
