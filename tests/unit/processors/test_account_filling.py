"""An account keeps what it says; where it says nothing, the others' word counts."""

from decimal import Decimal
from typing import Any

import pytest

from processors.account_filling import filled
from schemas.account import AppliedTemplate, ContactPoint, Csm
from schemas.deal import CustomValue
from tests.fixtures.accounts import an_account

ANN, BOB = Csm(name="Ann", email="ann@x.test"), Csm(name="Bob", email="bob@x.test")
TEN, TWO = CustomValue(type="double", value="10"), CustomValue(type="double", value="2")

CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"website": None}, {"website": "acme.test"}, {"website": "acme.test"}),
    ({"website": ""}, {"website": "acme.test"}, {"website": "acme.test"}),
    ({"website": "own.test"}, {"website": "acme.test"}, {"website": "own.test"}),
    ({"website": "own.test"}, {"website": None}, {"website": "own.test"}),
    ({"size": 0}, {"size": 5}, {"size": 0}),
    ({"csm": None}, {"csm": ANN}, {"csm": ANN}),
    ({"csm": Csm()}, {"csm": ANN}, {"csm": ANN}),
    ({"csm": BOB}, {"csm": ANN}, {"csm": BOB}),
    # A contact is one thing: half of one and half of another would be nobody.
    (
        {"primary_contact": ContactPoint(name="Zoë")},
        {"primary_contact": ContactPoint(name="Max", email="max@x.test")},
        {"primary_contact": ContactPoint(name="Zoë")},
    ),
    (
        {},
        {"template": AppliedTemplate(name="t", sections={"a": "b"})},
        {"template": AppliedTemplate(name="t", sections={"a": "b"})},
    ),
    ({}, {"arr": Decimal(5), "currency": "EUR"}, {"arr": Decimal(5), "currency": "EUR"}),
    ({"arr": Decimal(0), "currency": "USD"}, {"arr": Decimal(5), "currency": "EUR"}, {"arr": Decimal(0)}),
    # An amount of another currency would be another amount.
    ({"currency": "USD"}, {"arr": Decimal(5), "currency": "EUR"}, {"arr": None, "currency": "USD"}),
    ({"currency": "EUR"}, {"arr": Decimal(5), "currency": "EUR"}, {"arr": Decimal(5), "currency": "EUR"}),
    ({"custom": {"a": TEN}}, {"custom": {"a": TWO, "b": TWO}}, {"custom": {"a": TEN, "b": TWO}}),
    ({"custom": {"a": CustomValue()}}, {"custom": {"a": TWO}}, {"custom": {"a": TWO}}),
]


@pytest.mark.parametrize(("own", "other", "expected"), CASES)
def test_blanks_are_filled_and_nothing_else(
    own: dict[str, Any], other: dict[str, Any], expected: dict[str, Any]
) -> None:
    account = an_account(1, **own)
    assert filled(account, [an_account(2, revision=9, **other)]) == account.model_copy(update=expected)


def test_the_first_that_has_a_value_fills() -> None:
    others = [an_account(2), an_account(3, website="three.test"), an_account(4, website="four.test")]
    assert filled(an_account(1), others).website == "three.test"
