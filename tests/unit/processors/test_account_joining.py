"""Each deal's word counts where it says something of its own; what it only saw is nobody's word."""

from decimal import Decimal
from typing import Any

import pytest

from processors.account_joining import folded, joined, together
from schemas.account import Csm
from schemas.account_merge import JoinedDeal
from schemas.deal import CustomValue
from tests.fixtures.accounts import an_account

TEN, TWO = CustomValue(type="double", value="10"), CustomValue(type="double", value="2")
BOTH = {"a": TEN, "b": TWO}
EUROS, DOLLARS = (
    {"arr": Decimal(5), "currency": "EUR"},
    {"arr": Decimal(5), "currency": "USD"},
)

CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # own now, what the deal saw, what it says, what stands
    ({"size": 1}, {"size": 1}, {"size": 2}, {"size": 2}),
    ({"size": 3}, {"size": 1}, {"size": 1}, {"size": 3}),
    ({"size": 3}, {"size": 1}, {"size": 2}, {"size": 2}),
    ({"size": 3}, {"size": 1}, {"size": None}, {"size": 3}),
    ({"csm": Csm(name="Ann")}, {}, {"csm": Csm(name="Bob")}, {"csm": Csm(name="Bob")}),
    (EUROS, EUROS, DOLLARS, DOLLARS),
    (EUROS, EUROS, {}, EUROS),
    ({"custom": {"a": TEN}}, {"custom": {"a": TEN}}, {"custom": BOTH}, {"custom": BOTH}),
    ({"custom": {"a": TWO}}, {"custom": {"a": TEN}}, {"custom": {"a": TEN}}, {"custom": {"a": TWO}}),
]  # fmt: skip


@pytest.mark.parametrize(("own", "seen", "says", "stands"), CASES)
def test_what_a_deal_changed_is_its_word(
    own: dict[str, Any], seen: dict[str, Any], says: dict[str, Any], stands: dict[str, Any]
) -> None:
    deal = JoinedDeal(opportunity_id="d", seen=an_account(1, **seen), says=an_account(1, 2, **says))
    account = an_account(1, **own)
    assert together(account, [deal]) == account.model_copy(update=stands)


def test_the_deal_that_joined_last_comes_first() -> None:
    seen = an_account(1)
    deals = joined([], seen, "one", an_account(1, 2, industry="Steel", size=1))
    deals = joined(deals, seen, "two", an_account(1, 2, size=2))
    deals = joined(deals, seen, "one", an_account(1, 3, industry="Wood", size=3))
    said = together(an_account(1), deals)
    assert (said.industry, said.size) == ("Wood", 2)


@pytest.mark.parametrize("late", [1, 2])
def test_a_late_or_repeated_word_changes_nothing(late: int) -> None:
    deals = joined([], an_account(1), "one", an_account(1, 2, size=2))
    assert joined(deals, an_account(1), "one", an_account(1, late, size=9)) == deals


def test_twenty_deals_are_kept_apart_and_no_word_is_lost() -> None:
    own, deals = an_account(1), tuple[JoinedDeal, ...]()
    for number in range(30):
        custom = {f"c{number}": TEN}
        own, deals = folded(own, joined(deals, an_account(1), f"{number}", an_account(1, 2, custom=custom)))
    assert len(deals) == 20
    assert set(together(own, deals).custom) == {f"c{number}" for number in range(30)}
    assert own.revision == 1
