"""Cuts the text of a note into sentences, each with the heading it stands under."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from processors.brief.cues import ABBREVIATIONS, LABELS, NOISE
from schemas.brief import Section

__all__ = ["Sentence", "labelled", "sentences"]

_MOST_SENTENCES = 150
_LONGEST_SENTENCE = 400
_LONGEST_HEADING = 40
_LONGEST_NOISE = 120

_BULLET = re.compile(r"\s*(?:[-*•\u2013\u2014▪◦‣#]+|\d{1,2}[.)]|[a-z]\)|\[[ xX]?\])\s+")
_QUOTED = re.compile(r"\s*>")
_SIGNATURE = re.compile(r"\s*(?:--|__+)\s*$")
_END = re.compile(r"[.!?…]{1,8}[\"'”\u2019)\]]*(?=\s+\S)")
_LAST_WORD = re.compile(r"[\w.]+$")
_STARTS = re.compile(r"[\"'“\u2018(\[]*(?:[^\W_]|[$€£#])")
_NOISE = re.compile(rf"(?:{'|'.join(NOISE)})[\s,.!]*", re.IGNORECASE)
_LABELS: tuple[tuple[Section, re.Pattern[str]], ...] = tuple(
    (section, re.compile(words, re.IGNORECASE)) for section, words in LABELS
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence on one line.

    `under` is the section of the heading it stands under, `after` that of a label earlier in its line.
    """

    text: str
    under: Section | None = None
    after: Section | None = None


def sentences(text: str, *, fewest_words: int = 2) -> Iterator[Sentence]:
    """Give the sentences of a text, without quoted mail, signatures and courtesies; 150 at the most."""
    return islice(_sentences(text, fewest_words), _MOST_SENTENCES)


def labelled(words: str) -> Section | None:
    """Give the section that a heading, or the name of a form field, speaks of."""
    name = words.strip(" :*_#-")
    return next((section for section, pattern in _LABELS if pattern.fullmatch(name)), None)


def _sentences(text: str, fewest_words: int) -> Iterator[Sentence]:
    for line, under in _lines(text):
        after: Section | None = None
        for whole in _split(line):
            label, said = _heading(whole)
            after = label or after
            if len(said.split()) >= fewest_words and not _is_noise(said):
                yield Sentence(said[:_LONGEST_SENTENCE], label or under, after)


def _is_noise(text: str) -> bool:
    return len(text) <= _LONGEST_NOISE and _NOISE.fullmatch(text) is not None


def _lines(text: str) -> Iterator[tuple[str, Section | None]]:
    """Give whole lines: wrapped ones together, bullets without their mark, headings as what they head."""
    under: Section | None = None
    held = ""
    said = False
    for raw in text.split("\n"):
        if _SIGNATURE.match(raw):
            break
        if _QUOTED.match(raw):
            continue
        bullet = _BULLET.match(raw)
        line = " ".join((raw[bullet.end() :] if bullet else raw).split())
        if held and line and not bullet and line[0].islower() and held[-1] not in ".!?:;":
            held = f"{held} {line}"
            continue
        if held:
            yield held, under
            held, said = "", True
        if not line:
            # A heading reaches to the first empty line after something stood below it.
            under = None if said else under
            continue
        heading, rest = _heading(line)
        if not rest or (not bullet and line.endswith(":")):
            under, said = heading, False
        else:
            held = line
    if held:
        yield held, under


def _heading(line: str) -> tuple[Section | None, str]:
    """Take a heading off a line: `Risks: the budget` stands under risks."""
    head, colon, rest = line.partition(":")
    if len(head) <= _LONGEST_HEADING and (colon or not rest):
        section = labelled(head)
        if section is not None:
            return section, rest.strip(" *_")
    return None, line


def _split(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if end.group().startswith(".") and not _ends(line[start : end.start()], line[end.end() :].lstrip()):
            continue
        yield line[start : end.end()].strip()
        start = end.end()
    if line[start:].strip():
        yield line[start:].strip()


def _ends(before: str, after: str) -> bool:
    """Whether a full stop between these ends a sentence."""
    word = _LAST_WORD.search(before[-20:])
    last = word.group().lower() if word else ""
    if last in ABBREVIATIONS or (len(last) == 1 and last.isalpha()):
        return False
    return bool(_STARTS.match(after)) and not after[:1].islower()
