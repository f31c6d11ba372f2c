"""Conditions decide over a deal, end in bounded time, and say in words what they cannot decide."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from processors.conditions import compiled, holds, value
from processors.context import context
from processors.sample import DEAL, names
from schemas.errors import DefinitionError, StepError


def with_deal(**fields: Any) -> dict[str, Any]:
    opportunity = DEAL.opportunity.model_copy(update=fields)
    return dict(context(DEAL.model_copy(update={"opportunity": opportunity})))


@pytest.mark.parametrize(
    ("amount", "expression", "expected"),
    [
        (Decimal(50000), "deal.amount >= 50000", True),
        (Decimal(50000), "deal.amount >= 50000.0", True),
        (Decimal(50000), "deal.amount == 50000", True),
        (Decimal("49999.99"), "deal.amount >= 50000", False),
        (Decimal("49999.99"), "deal.amount == 49999.99", True),
        (Decimal("50000.01"), "deal.amount > 50000.0", True),
        (Decimal("0.10"), "deal.amount == 0.1", True),
        (Decimal(-1), "deal.amount < 0", True),
        (Decimal("90000000000000.01"), "deal.amount > 90000000000000.0", True),
        (None, "deal.amount == null", True),
        (None, "deal.amount != null && deal.amount > 1", False),
    ],
)
def test_amounts_compare_with_whole_numbers_and_doubles(
    amount: Decimal | None, expression: str, expected: bool
) -> None:
    assert holds(expression, with_deal(amount=amount)) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("deal.close_date == timestamp('2026-09-30T00:00:00Z')", True),
        ("deal.close_date > timestamp('2026-09-30T00:00:00Z')", False),
        ("deal.close_date < timestamp('2026-09-30T00:00:00Z') + duration('1h')", True),
        ("deal.close_date.getMonth() == 8", True),
    ],
)
def test_dates_compare_as_midnight_utc(expression: str, expected: bool) -> None:
    assert holds(expression, with_deal(close_date=date(2026, 9, 30))) is expected


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("deal.amount > 1", "deal.amount is empty"),
        ("deal.name == 'x' || deal.amount > 1.0", "deal.amount is empty"),
        ("deal.amout > 1", "deal.amout has no 'amout'"),
        ("deal.owner.emial == ''", "deal.owner.emial has no 'emial'"),
        ("company.amount > 1", "company.amount has no 'amount'"),
        ("nope.x == 1", "'nope'"),
        ("1 / 0 == 1", "division by zero"),
        ("9223372036854775807 + 1 > 0", "overflow"),
        ("contacts[7].name == ''", "index out of bounds"),
        ("deal.custom['Region__c'] == ''", "Region__c"),
        ("'x'.matches('(')", "unclosed group"),
        ("timestamp('soon') == timestamp('2026-01-01T00:00:00Z')", "timestamp"),
        ("(" * 400 + "true" + ")" * 400, "Recursion limit"),
    ],
)
def test_what_cannot_be_decided_names_the_path(expression: str, words: str) -> None:
    with pytest.raises(StepError) as caught:
        holds(expression, with_deal(amount=None))
    assert words in caught.value.what


def test_a_path_inside_quoted_text_is_not_blamed() -> None:
    with pytest.raises(StepError, match=r"deal\.amount is empty"):
        holds("deal.name != 'deal.nope' && deal.amount > 1", with_deal(amount=None))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("deal.name", "gives str"),
        ("1 + 1", "gives int"),
        ("null", "gives NoneType"),
        ("[true]", "gives list"),
    ],
)
def test_only_true_and_false_decide(expression: str, words: str) -> None:
    with pytest.raises(StepError, match=words):
        holds(expression, names())


def test_a_value_may_be_anything() -> None:
    assert value("deal.amount != null ? company.billing_country : 'none'", names()) == "Norway"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("deal.amount >", "not a CEL expression: 1:14"),
        ("deal.amount = 1", "not a CEL expression"),
        ("", "not a CEL expression"),
        ("\x00", "not a CEL expression"),
        ("true" + " " * 997, "longer than 1000"),
        ("[1].all(x, [1].all(y, [1].all(z, true)))", "more than 2 loops"),
        ("[1] .all (x, [1]. exists (y, [1]\n.map\t(z, z) == [1]))", "more than 2 loops"),
        ("[1].//\nmap(x, [1]. //.\n //\nmap//(\n(y, [1].map(z, z)))", "more than 2 loops"),
        ("[1].existsOne(x, [1].existsOne(y, [1].existsOne(z, true)))", "more than 2 loops"),
        (
            "[1].exists_one(x, true) && [1].filter(y, true) == [1] && [1].map(z, z) == [1]",
            "more than 2 loops",
        ),
    ],
)
def test_what_is_no_expression_is_refused_when_it_is_defined(expression: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        compiled(expression)
    with pytest.raises(StepError, match=words):
        value(expression, names())


def test_bounds_are_inclusive() -> None:
    assert holds("true" + " " * 996, names())
    assert holds("contacts.all(c, contacts.exists(d, c.email == d.email))", names())
