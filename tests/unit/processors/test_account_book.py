"""Which account somebody means, out of all that the topic tells of."""

import pytest

from processors.account_book import latest, meant, target_of
from schemas.errors import UsageError
from tests.fixtures.accounts import an_account

ONE, TWO = an_account(1), an_account(2)
BOOK = latest([ONE, TWO])


@pytest.mark.parametrize("text", [ONE.key, ONE.id, ONE.opportunity_id, ONE.id[:6]])
def test_an_account_has_several_names(text: str) -> None:
    assert meant(BOOK, text) == ONE


@pytest.mark.parametrize("text", ["", ONE.id[:5], "nobody-of-that-name", ONE.key[:20]])
def test_what_nobody_is_called_is_said_with_what_to_type(text: str) -> None:
    with pytest.raises(UsageError, match="dealwire accounts list"):
        meant(BOOK, text)


def test_one_opportunity_with_two_accounts_has_to_be_told_apart() -> None:
    twin = ONE.model_copy(update={"key": "another", "id": "another"})
    with pytest.raises(UsageError, match="2 accounts are meant"):
        meant(latest([ONE, twin]), ONE.opportunity_id)


def test_the_highest_revision_counts_whatever_comes_again() -> None:
    newer = an_account(1, revision=3)
    assert latest([an_account(1, revision=2), newer, ONE]) == {ONE.key: newer}


def test_a_merged_account_has_a_target() -> None:
    merged = ONE.model_copy(update={"merged_into": TWO.id})
    assert target_of(BOOK, merged) == TWO
    assert target_of(BOOK, ONE) is None
