"""Which accounts are the same customer: a judgement on candidates, with its reason and how sure it is."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rapidfuzz import fuzz

from schemas.account import Account
from schemas.account_traits import Traits, traits

__all__ = [
    "NAME_THRESHOLD",
    "By",
    "Match",
    "as_text",
    "followed",
    "matches",
    "numbers",
    "sure_of",
    "sure_of_name",
]

NAME_THRESHOLD = 90.0
"""How alike two company names must be, of 100, by rapidfuzz's `token_sort_ratio` over their name keys."""

_MOST_TOLD = 5
_SHOWN_CHARS = 200
_NUMBERS = re.compile(r"\d+")


class By(StrEnum):
    """What two accounts have in common, the surest first."""

    SALESFORCE_ACCOUNT = "salesforce_account_id"
    DOMAIN = "domain"
    NAME = "name"


_SURE = {By.SALESFORCE_ACCOUNT: 1.0, By.DOMAIN: 0.95, By.NAME: 0.9}


@dataclass(frozen=True, slots=True)
class Match:
    """One account that is probably the same customer. `score` says how sure, 1 being certain."""

    account: Account
    by: By
    score: float


def matches(account: Account, candidates: Iterable[Account]) -> list[Match]:
    """Give those candidates that are the same customer as `account`, the surest first.

    An account is no match of itself, nor one of another org. Each is judged by the surest thing that the
    two have in common: the Salesforce account (1), the web domain (0.95), or a company name that is alike
    (0.81 to 0.9). Names that hold different numbers are different ("Store 12", "Store 21").
    """
    own = traits(account)
    found = [
        Match(other, *verdict)
        for other in candidates
        if other.org_id == account.org_id
        and other.key != account.key
        and (verdict := _verdict(own, traits(other))) is not None
    ]
    return sorted(found, key=lambda match: (-match.score, match.account.key))


def followed(found: Iterable[Match], accounts: Mapping[str, Account], own_key: str) -> list[Match]:
    """Put in place of each account that was merged the one it was merged into; `accounts` is by id.

    Each account stands once, by its surest match. One whose target is not given is left out.
    """
    kept: dict[str, Match] = {}
    for match in found:
        account = match.account
        target = accounts.get(account.merged_into) if account.merged_into else account
        if target is not None and target.key != own_key and target.key not in kept:
            kept[target.key] = replace(match, account=target)
    return list(kept.values())


def as_text(found: Sequence[Match]) -> str:
    """Write the surest matches as `FindAccounts` promises them."""
    told = [
        {
            "account_id": match.account.id,
            "key": match.account.key,
            "name": (match.account.company_name or match.account.name)[:_SHOWN_CHARS],
            "by": match.by.value,
            "score": match.score,
            "account": match.account.model_dump(mode="json"),
        }
        for match in found[:_MOST_TOLD]
    ]
    return json.dumps(told, ensure_ascii=False)


def sure_of(by: By) -> float:
    """Say how sure it is that two are one customer who have just the same of this."""
    return _SURE[by]


def sure_of_name(alike: float) -> float:
    """Say how sure it is that two are one customer whose names are so much alike, of 100."""
    return round(_SURE[By.NAME] * alike / 100, 3)


def numbers(name: str) -> tuple[str, ...]:
    """Give the numbers in a name key; names with different ones are different."""
    return tuple(sorted(_NUMBERS.findall(name)))


def _verdict(own: Traits, other: Traits) -> tuple[By, float] | None:
    if own.salesforce_account_id and own.salesforce_account_id == other.salesforce_account_id:
        return By.SALESFORCE_ACCOUNT, sure_of(By.SALESFORCE_ACCOUNT)
    if own.domain and own.domain == other.domain:
        return By.DOMAIN, sure_of(By.DOMAIN)
    if not own.name_key or not other.name_key or numbers(own.name_key) != numbers(other.name_key):
        return None
    alike = fuzz.token_sort_ratio(own.name_key, other.name_key, score_cutoff=NAME_THRESHOLD)
    return (By.NAME, sure_of_name(alike)) if alike else None
