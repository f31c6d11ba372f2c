"""Reads a model's answer as text from a stranger, of which only what a source bears out is kept."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from processors.brief.answer_form import Answer, Line
from processors.brief.assembling import LONGEST_STATEMENT, assembled
from processors.brief.facts import facts
from processors.brief.private import Private, placeholders, put_back
from processors.brief.prompt import Prompt
from schemas.brief import MODEL, SECTIONS, Brief, Section, Statement
from schemas.plain_text import one_line

__all__ = ["Verdict", "checked"]

_LONGEST_ANSWER = 64 * 1024
_MOST_LINES = 30
_MOST_IDS = 20
_LEAST_SHARED = 1 / 3
_STEM, _LONG_WORD = 5, 3
_EMPTY_WORDS = frozenset(
    [
        *("the", "and", "for", "are", "was", "has", "had", "not", "but", "our", "you", "who", "its", "with"),
        *("that", "this", "from", "they", "will"),
    ]
)
_FIRST_IDEOGRAPH = "\u2e80"

_MARKED_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()]{0,500}\)")
_MARKS = re.compile(r"(\*\*|__|~~|`)(?=\S)(.{1,300}?)(?<=\S)\1")
_NUMBER = re.compile(r"\d+")
_CITATION = re.compile(r"\s*[\[(][a-z]\d{1,2}(?:, ?[a-z]\d{1,2}){0,9}[\])](?=\W*$)")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
_MONTH = re.compile(
    r"\b(?:" + "|".join(f"({name[:3]}(?:{name[3:]})?)" for name in _MONTHS) + r"|sept)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The brief, or why the answer is not taken. `dropped` counts statements that no source bears out."""

    brief: Brief | None
    dropped: int = 0
    reason: str = ""


def checked(answer: str, asked: Prompt) -> Verdict:
    """Check an answer against its prompt.

    It must have the form that was asked for. A statement is dropped that names no source we sent, has a
    placeholder, number, link or address that its sources do not have, or hardly a word of them. An answer
    that loses more than it keeps is not taken at all. Facts that it passes over are added.
    """
    if len(answer) > _LONGEST_ANSWER:
        return Verdict(None, reason="the answer is too long")
    bare = answer.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        written = Answer.model_validate(json.loads(bare))
    except (ValidationError, ValueError, RecursionError):
        return Verdict(None, reason="the answer does not have the form that was asked for")
    kept: list[tuple[Section, Statement]] = []
    dropped = 0
    for section, line in _lines(written):
        statement = _borne_out(line, asked)
        if statement is None:
            dropped += 1
        else:
            kept.append((section, statement))
    if not kept:
        return Verdict(None, dropped, "the answer has no statement that a source bears out")
    if dropped > len(kept):
        return Verdict(None, dropped, "most of the answer's statements have no source that bears them out")
    cited = {(section, source) for section, statement in kept for source in statement.sources}
    for section, fact in facts(asked.material):
        if not any((section, source) in cited for source in fact.sources):
            kept.append((section, fact))
    sources = (piece.source for piece in asked.material.pieces)
    return Verdict(assembled(kept, sources, written_by=MODEL), dropped)


def _lines(written: Answer) -> Iterator[tuple[Section, Line]]:
    for section in SECTIONS:
        lines: list[Line] = getattr(written, section)
        for line in lines[:_MOST_LINES]:
            yield section, line


def _borne_out(line: Line, asked: Prompt) -> Statement | None:
    """Give the statement with its private data put back; None if its sources do not bear it out."""
    cited = [source for source in dict.fromkeys(line.sources[:_MOST_IDS]) if source in asked.told]
    text = _MARKS.sub(r"\2", _MARKED_LINK.sub(r"\1", one_line(line.text, LONGEST_STATEMENT)))
    text = _CITATION.sub("", text)
    evidence = " ".join(asked.told[source] for source in cited)
    named = placeholders(text)
    bare = text
    for each in named:
        bare = bare.replace(each, " ")
    if (
        not cited
        or not text
        or not named <= placeholders(evidence) & asked.stands_for.keys()
        or placeholders(Private().hide(bare))
        or not _numbers(bare) <= _numbers(evidence)
        or not _shares(bare, evidence)
    ):
        return None
    return Statement(text=put_back(text, asked.stands_for), sources=tuple(cited))


def _numbers(text: str) -> frozenset[int]:
    """Give the numbers in a text; a month by name is its number, so that a date may be written otherwise."""
    months = (found.lastindex or 9 for found in _MONTH.finditer(text) if found.group().lower() != "may")
    return frozenset([*(int(found[:18]) for found in _NUMBER.findall(text)), *months])


def _shares(text: str, evidence: str) -> bool:
    words = _stems(text)
    return not words or len(words & _stems(evidence)) >= len(words) * _LEAST_SHARED


def _stems(text: str) -> frozenset[str]:
    """Give the longer words by their beginning; of a script without spaces, its pairs of characters."""
    stems: set[str] = set()
    for word in re.findall(r"[^\W\d_]+", text.casefold()):
        if max(word) >= _FIRST_IDEOGRAPH:
            stems.update(word[start : start + 2] for start in range(len(word) - 1))
        elif len(word) >= _LONG_WORD and word not in _EMPTY_WORDS:
            stems.add(word[:_STEM])
    return frozenset(stems)
