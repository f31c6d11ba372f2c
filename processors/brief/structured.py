"""The brief by rules alone: no model, the same deal gives the same brief."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from processors.brief.assembling import assembled
from processors.brief.material import Material, material
from processors.brief.pace import pace
from processors.brief.people import people
from processors.brief.reading import read, read_answer
from processors.brief.work import work
from schemas.brief import Brief, Section, Statement
from schemas.deal import EnrichedDeal

__all__ = ["structured"]


def structured(deal: EnrichedDeal, answers: Mapping[str, Any], *, fell_back: str = "") -> Brief:
    """Give the brief of a deal and what people answered in forms.

    What was typed for the handoff comes first in each section, then the opportunity's own fields, its notes
    from the newest on, and what activities and stage history say. `fell_back` says why no model wrote it,
    where one was to.
    """
    found = material(deal, answers)
    sources = (piece.source for piece in found.pieces)
    return assembled(_statements(found), sources, fell_back=fell_back)


def _statements(found: Material) -> Iterator[tuple[Section, Statement]]:
    yield from people(found)
    yield from chain.from_iterable(map(read_answer, found.forms))
    for piece in (found.about, *found.notes):
        yield from read(piece)
    yield from work(found)
    yield from pace(found)
