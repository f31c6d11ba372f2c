"""What conditions, templates and mappings may speak of, and under which names."""

import re
from collections.abc import Mapping
from typing import Any

from schemas.account import Account, Csm
from schemas.deal import Company, Contact, CustomValue, EnrichedDeal, Opportunity, Person

Context = Mapping[str, Any]
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_PATH = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?![\w(])")


def context(deal: EnrichedDeal, account: Account | None = None, csm: Csm | None = None) -> Context:
    """Give the names: `deal`, `company`, `contacts`, `primary_contact`, `account`, `csm`, and the lists.

    Values are native: amounts `Decimal`, dates `date`, custom fields their text. What is not there is None.
    """
    return {
        "deal": {**_opportunity(deal.opportunity), "previous_stage": deal.previous_stage},
        "company": _company(deal.account),
        "contacts": [each.model_dump() for each in deal.contacts],
        "primary_contact": _primary(deal.contacts),
        "notes": [each.model_dump() for each in deal.notes],
        "activities": [each.model_dump() for each in deal.activities],
        "stage_history": [each.model_dump() for each in deal.stage_history],
        "account": account.model_dump() if account is not None else None,
        "csm": csm.model_dump() if csm is not None else None,
    }


def paths(text: str) -> list[str]:
    """Give the dotted paths that an expression speaks of, without those inside quoted text."""
    return _PATH.findall(_QUOTED.sub("", text))


def lookup(names: Context, path: str) -> Any:
    """Follow a dotted path. Raises `KeyError` with the part that is not there."""
    value: Any = names
    for part in path.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping) or part not in value:
            raise KeyError(part)
        value = value[part]
    return value


def _opportunity(opportunity: Opportunity) -> dict[str, Any]:
    return {
        **opportunity.model_dump(exclude={"custom"}),
        "owner": (opportunity.owner or Person()).model_dump(),
        "custom": _custom(opportunity.custom),
    }


def _company(company: Company | None) -> dict[str, Any]:
    found = company or Company()
    return {**found.model_dump(exclude={"custom"}), "custom": _custom(found.custom)}


def _primary(contacts: tuple[Contact, ...]) -> dict[str, Any] | None:
    """Give the primary contact; where no role is marked so, the first one."""
    return contacts[0].model_dump() if contacts else None


def _custom(values: Mapping[str, CustomValue]) -> dict[str, str | None]:
    return {name: each.value for name, each in values.items()}
