"""Shows a brief: as plain text, and as Markdown that cannot turn into anything but text."""

import re

from schemas.brief import SECTIONS, STRUCTURED, Brief, Source

__all__ = ["as_markdown", "as_text"]

_NOTHING = "Nothing was found to say about this deal."
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")
_LINK = re.compile(r"(?i)\b(https?|ftp|www)(?=[:.])")
_LEADING = re.compile(r"^(\d+)([.)])|^([-=:])")


def as_text(brief: Brief) -> str:
    """Give the brief for a mail's plain part; sections without a statement are left out."""
    parts = [
        f"{_title(name).upper()}\n"
        + "".join(f"- {each.text} [{', '.join(each.sources)}]\n" for each in brief.section(name))
        for name in SECTIONS
        if brief.section(name)
    ]
    if not parts:
        return f"{_NOTHING}\n"
    sources = "".join(f"[{each.id}] {_described(each)}\n" for each in brief.sources)
    return "\n".join([*parts, f"SOURCES\n{sources}", f"{_written(brief)}\n"])


def as_markdown(brief: Brief) -> str:
    """Give the brief as Markdown; whatever stands in a statement is escaped, and no link comes of it."""
    parts = [
        f"## {_title(name)}\n\n"
        + "".join(
            f"- {_escaped(each.text)} \\[{', '.join(each.sources)}\\]\n" for each in brief.section(name)
        )
        for name in SECTIONS
        if brief.section(name)
    ]
    if not parts:
        return f"{_NOTHING}\n"
    sources = "".join(f"- \\[{each.id}\\] {_escaped(_described(each))}\n" for each in brief.sources)
    return "\n".join([*parts, f"## Sources\n\n{sources}", f"{_escaped(_written(brief))}\n"])


def _title(section: str) -> str:
    return section.replace("_", " ").capitalize()


def _described(source: Source) -> str:
    at = f", {source.at.date()}" if source.at is not None else ""
    title = f' "{source.title}"' if source.title else ""
    return f"{source.kind.capitalize()}{title}{at}"


def _written(brief: Brief) -> str:
    if brief.written_by != STRUCTURED:
        return "Written by a language model from the sources above."
    why = f" The model did not: {brief.fell_back}." if brief.fell_back else ""
    return f"Written by rules from the sources above.{why}"


def _escaped(text: str) -> str:
    """Escape Markdown; a URL is broken up by an escape, so that no reader makes a link of it by itself."""
    marked = _MARKS.sub(r"\\\1", text)
    return _LEADING.sub(
        lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}",
        _LINK.sub(lambda found: f"{found[1][0]}\u200b{found[1][1:]}", marked),
    )
