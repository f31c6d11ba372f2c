"""Reads what people wrote: which of its sentences belong into which section of a brief."""

import re
from collections.abc import Iterable, Iterator

from processors.brief.cues import CUES, DATE_FORMS, DATED, MEETINGS, Cue
from processors.brief.material import Piece
from processors.brief.sentences import Sentence, labelled, sentences
from schemas.brief import Section, Statement

__all__ = ["has_date", "read", "read_answer"]

_SHORT_ANSWER = 60
_WORDS_THAT_SPEAK = 4
"""An answer of fewer words needs the name of its field."""


def _words(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


_CUES: tuple[tuple[Cue, re.Pattern[str], re.Pattern[str] | None], ...] = tuple(
    (cue, _words(cue.says), _words(cue.unless) if cue.unless else None) for cue in CUES
)
_DATE, _DATED = _words(DATE_FORMS), _words(DATED)
_MEETING = re.compile(rf"(?:\W*\w+){{0,2}}\W*(?:{'|'.join(MEETINGS)})(?!\w)", re.IGNORECASE)


def read(piece: Piece) -> Iterator[tuple[Section, Statement]]:
    """Give the statements of a text, in its order."""
    for sentence in sentences(piece.text):
        for section in _sections(sentence):
            yield section, Statement(text=sentence.text, sources=(piece.source.id,))


def read_answer(piece: Piece) -> Iterator[tuple[Section, Statement]]:
    """Give the statements of a form answer: the field's name may say what all of it is about."""
    section = labelled(piece.source.title)
    if section is None and has_date(piece.text) and len(piece.text) <= _SHORT_ANSWER:
        section = "dates"
    if section is None:
        yield from read(piece)
    else:
        for sentence in sentences(piece.text, fewest_words=1):
            short = len(sentence.text.split()) < _WORDS_THAT_SPEAK
            text = f"{piece.source.title}: {sentence.text}" if short else sentence.text
            yield section, Statement(text=text, sources=(piece.source.id,))


def has_date(text: str) -> bool:
    """Whether a day, month or quarter is named."""
    return _DATE.search(text) is not None


def _sections(sentence: Sentence) -> Iterator[Section]:
    text = sentence.text.replace("\u2019", "'")
    first = sentence.under or _cued(text) or sentence.after
    if first is not None:
        yield first
    if first not in ("dates", "open_questions") and _is_dated(text):
        yield "dates"


def _cued(text: str) -> Section | None:
    if text.endswith("?"):
        return "open_questions"
    for cue, says, unless in _CUES:
        if says.search(text) and (unless is None or not unless.search(text)):
            return cue.section
    return None


def _is_dated(text: str) -> bool:
    rest = _DATE.sub(" ", text)
    return rest != text and _MEETING.match(text) is None and _DATED.search(text) is not None
