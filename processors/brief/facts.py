"""What a deal's records say by themselves, without any text being read."""

from collections.abc import Iterator

from processors.brief.material import Material
from processors.brief.pace import pace
from processors.brief.people import people
from processors.brief.work import work
from schemas.brief import Section, Statement

__all__ = ["facts"]


def facts(material: Material) -> Iterator[tuple[Section, Statement]]:
    """Give who has a part in the deal, what is to be done about it, and how fast it moved."""
    yield from people(material)
    yield from work(material)
    yield from pace(material)
