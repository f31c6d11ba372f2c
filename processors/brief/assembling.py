"""Puts a brief together within its bounds, whoever wrote the statements."""

from collections.abc import Iterable, Mapping

from schemas.brief import SECTIONS, Brief, Section, Source, Statement
from schemas.plain_text import one_line

__all__ = ["LARGEST_BRIEF", "LONGEST_STATEMENT", "MOST_STATEMENTS", "assembled"]

MOST_STATEMENTS = 8
"""In one section."""
LONGEST_STATEMENT = 280
_MOST_CITED = 5
LARGEST_BRIEF = 12 * 1024
"""Bytes of its JSON; a run carries it."""


def assembled(
    statements: Iterable[tuple[Section, Statement]], sources: Iterable[Source], **fields: str
) -> Brief:
    """Give the brief of these statements, the first of each section first.

    The same statement twice is one with the sources of both. What has no text or no known source is left out,
    and so is what goes over the bounds. `fields` are `written_by` and `fell_back`.
    """
    known = {source.id: source for source in sources}
    merged: dict[Section, dict[str, Statement]] = {section: {} for section in SECTIONS}
    for section, statement in statements:
        text = one_line(statement.text, LONGEST_STATEMENT)
        key = "".join(char for char in text.casefold() if char.isalnum())
        cited = [source for source in statement.sources if source in known]
        if not key or not cited:
            continue
        held = merged[section].get(key)
        both = dict.fromkeys([*(held.sources if held else ()), *cited])
        merged[section][key] = Statement(text=held.text if held else text, sources=tuple(both)[:_MOST_CITED])
    kept = {section: list(merged[section].values())[:MOST_STATEMENTS] for section in SECTIONS}
    brief = _brief(kept, known, fields)
    while len(brief.model_dump_json().encode()) > LARGEST_BRIEF:
        longest = max(SECTIONS, key=lambda section: sum(len(each.text.encode()) for each in kept[section]))
        kept[longest].pop()
        brief = _brief(kept, known, fields)
    return brief


def _brief(
    kept: Mapping[Section, list[Statement]], known: Mapping[str, Source], fields: Mapping[str, str]
) -> Brief:
    cited = {source for section in kept.values() for each in section for source in each.sources}
    return Brief.model_validate(
        {**kept, "sources": [source for name, source in known.items() if name in cited], **fields}
    )
