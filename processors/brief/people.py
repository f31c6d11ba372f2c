"""Who has a part in a deal: the customer's contacts with their roles, and who sold it."""

from collections.abc import Iterator

from processors.brief.material import Material
from schemas.brief import Section, Statement

__all__ = ["people"]


def people(material: Material) -> Iterator[tuple[Section, Statement]]:
    """Give the contacts, the primary one first, then the deal's owner."""
    for piece in material.contacts:
        yield "stakeholders", Statement(text=piece.text, sources=(piece.source.id,))
    owner = material.deal.opportunity.owner
    if owner is not None and owner.name:
        left = "" if owner.active else ", no longer active"
        yield (
            "stakeholders",
            Statement(text=f"{owner.name}: owner of the deal{left}", sources=(material.about.source.id,)),
        )
