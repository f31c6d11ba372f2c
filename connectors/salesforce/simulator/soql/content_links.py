"""The restriction on queries over ContentDocumentLink: they must say of which documents or which records.

Source: Object Reference, "ContentDocumentLink"; as a subquery under a record it needs no filter.
"""

from connectors.salesforce.simulator.objects.types import ObjectType
from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.tree import All, AnyOf, Comparison, Condition, Not, Query

__all__ = ["check_content_links"]

_ENDS = frozenset(["contentdocumentid", "linkedentityid"])
_NEEDS_FILTER = (
    "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId "
    "or LinkedEntityId using the equals operator or multiple Id's using the IN operator."
)
_ONLY_BY_ENTITY = (
    "Implementation restriction: filtering on non-id fields is only permitted when filtering by "
    "ContentDocumentLink.LinkedEntityId using the equals operator."
)


def check_content_links(holder: ObjectType, query: Query) -> None:
    """Raise `SoqlError` for a query over ContentDocumentLink that Salesforce would not run."""
    if holder.name != "ContentDocumentLink":
        return
    terms = query.where.terms if isinstance(query.where, All) else (query.where,)
    if not any(term is not None and _end(term) for term in terms):
        raise SoqlError("MALFORMED_QUERY", _NEEDS_FILTER)
    others = any(term is not None and not _only_ids(term) for term in terms)
    if others and not any(
        isinstance(term, Comparison) and _end(term) == "linkedentityid" for term in terms if term is not None
    ):
        raise SoqlError("MALFORMED_QUERY", _ONLY_BY_ENTITY)


def _end(term: Condition) -> str | None:
    """Give the end of the link that a term pins by = or IN."""
    if isinstance(term, All | AnyOf | Not):
        return None
    pins = term.operator == "=" if isinstance(term, Comparison) else not term.negated
    name = term.path.parts[-1].lower()
    return name if pins and len(term.path.parts) == 1 and name in _ENDS else None


def _only_ids(term: Condition) -> bool:
    if isinstance(term, All | AnyOf):
        return all(_only_ids(inner) for inner in term.terms)
    if isinstance(term, Not):
        return _only_ids(term.term)
    return len(term.path.parts) == 1 and term.path.parts[0].lower().endswith("id")
