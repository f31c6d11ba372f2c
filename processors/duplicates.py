"""Which of many accounts are probably the same customer: groups, for a person to look at."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz, process

from processors.matching import NAME_THRESHOLD, By, numbers, sure_of, sure_of_name
from schemas.account import Account
from schemas.account_traits import NAME_PREFIX, Traits, traits

__all__ = ["Group", "duplicates"]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two accounts, what they have in common, and how sure it is that they are one customer."""

    one: int
    other: int
    by: By
    score: float


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts that are probably one customer; the one that says most comes first.

    `by` is everything by which some of them are alike, `score` how sure the surest likeness is.
    """

    accounts: tuple[Account, ...]
    by: tuple[By, ...]
    score: float


def duplicates(accounts: Iterable[Account]) -> list[Group]:
    """Group accounts that match, the surest groups first; those that were merged are left out.

    The same judgement as `matching.matches`. An account joins a group by a likeness to any one in it.
    """
    held = sorted((each for each in accounts if not each.merged_into), key=lambda each: each.key)
    found = [traits(account) for account in held]
    likenesses = list(_likenesses(held, found))
    leader = list(range(len(held)))

    def first(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    for each in likenesses:
        leader[first(each.one)] = first(each.other)
    members: defaultdict[int, list[int]] = defaultdict(list)
    reasons: defaultdict[int, list[Likeness]] = defaultdict(list)
    for each in likenesses:
        reasons[first(each.one)].append(each)
    for number in {number for each in likenesses for number in (each.one, each.other)}:
        members[first(number)].append(number)
    groups = [
        Group(
            tuple(sorted((held[number] for number in numbers), key=_says_most)),
            tuple(by for by in By if any(each.by is by for each in reasons[place])),
            max(each.score for each in reasons[place]),
        )
        for place, numbers in members.items()
    ]
    return sorted(groups, key=lambda group: (-group.score, group.accounts[0].key))


def _likenesses(held: Sequence[Account], found: Sequence[Traits]) -> Iterator[Likeness]:
    alike: defaultdict[tuple[By, str, str], list[int]] = defaultdict(list)
    blocks: defaultdict[tuple[str, str, tuple[str, ...]], list[int]] = defaultdict(list)
    for number, (account, own) in enumerate(zip(held, found, strict=True)):
        org = account.org_id
        if own.salesforce_account_id:
            alike[By.SALESFORCE_ACCOUNT, org, own.salesforce_account_id].append(number)
        if own.domain:
            alike[By.DOMAIN, org, own.domain].append(number)
        if own.name_key:
            alike[By.NAME, org, own.name_key].append(number)
            if alike[By.NAME, org, own.name_key][0] == number:  # equal names are compared once
                blocks[org, own.name_key[:NAME_PREFIX], numbers(own.name_key)].append(number)
    for (by, _, _), places in alike.items():
        for one, other in pairwise(places):
            yield Likeness(one, other, by, sure_of(by))
    for places in blocks.values():
        yield from _similar(places, [" ".join(sorted(found[place].name_key.split())) for place in places])


def _similar(places: Sequence[int], names: Sequence[str]) -> Iterator[Likeness]:
    """Compare every name of a block with those after it."""
    for position, name in enumerate(names):
        later = process.extract(
            name, names[position + 1 :], scorer=fuzz.ratio, score_cutoff=NAME_THRESHOLD, limit=None
        )
        for _, score, place in later:
            yield Likeness(places[position], places[position + 1 + place], By.NAME, sure_of_name(score))


def _says_most(account: Account) -> tuple[int, str]:
    return -len(account.model_dump(exclude_defaults=True, exclude_none=True)), account.key
