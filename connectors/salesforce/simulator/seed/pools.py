"""The words that people, companies and notes are made of, drawn once from a seeded Faker."""

from dataclasses import dataclass

from faker import Faker

__all__ = ["Pools", "draw_pools"]


@dataclass(frozen=True, slots=True)
class Pools:
    """Words to combine."""

    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    company_words: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str, str, str], ...]
    """City, state, postal code and country."""
    titles: tuple[str, ...]
    sentences: tuple[str, ...]


def draw_pools(seed: int) -> Pools:
    """Draw the words of a seed."""
    fake = Faker("en_US")
    fake.seed_instance(seed)
    return Pools(
        first_names=tuple(fake.first_name() for _ in range(300)),
        last_names=tuple(fake.last_name() for _ in range(500)),
        company_words=tuple(dict.fromkeys(fake.last_name() for _ in range(900))),
        streets=tuple(fake.street_name() for _ in range(200)),
        places=tuple((fake.city(), fake.state(), fake.postcode(), "United States") for _ in range(150)),
        titles=tuple(fake.job()[:80] for _ in range(120)),
        sentences=tuple(fake.sentence(nb_words=12) for _ in range(250)),
    )
