"""How fast a deal moved, by its stage history: in all, where it stood still, and where it went back."""

from collections.abc import Iterator
from itertools import pairwise

from processors.brief.material import Material, Piece
from schemas.brief import Section, Statement
from schemas.deal import StageMove

__all__ = ["pace"]

_STOOD_STILL_DAYS = 60
_HURRIED_DAYS = 3
_FEWEST_STAGES = 3


def pace(material: Material) -> Iterator[tuple[Section, Statement]]:
    """Give the deal's way as a date, and as risks where it stood still, went back, or was over in days."""
    told = zip(material.deal.stage_history, material.stages, strict=False)
    dated = [(move, piece) for move, piece in told if move.at is not None and move.stage]
    moves = sorted(dated, key=lambda each: each[0].at.timestamp() if each[0].at else 0.0)
    if not moves:
        return
    (first, from_piece), (last, to_piece) = moves[0], moves[-1]
    yield "dates", _way(first, last, from_piece, to_piece)
    if len({move.stage for move, _ in moves}) >= _FEWEST_STAGES and _days(first, last) <= _HURRIED_DAYS:
        text = f"The deal went through {len(moves)} stages within {_count(_days(first, last))}"
        yield "risks", Statement(text=text, sources=_both(from_piece, to_piece))
    yield from _standstills(moves)
    seen: set[str] = set()
    for before, (move, piece) in zip([None, *moves], moves, strict=False):
        if move.stage in seen and before is not None and before[0].stage != move.stage:
            text = f"The deal went back to {move.stage} on {_day(move)}"
            yield "risks", Statement(text=text, sources=(piece.source.id,))
        seen.add(move.stage)


def _way(first: StageMove, last: StageMove, from_piece: Piece, to_piece: Piece) -> Statement:
    if from_piece is to_piece:
        return Statement(text=f"{last.stage} since {_day(last)}", sources=(to_piece.source.id,))
    days = _count(_days(first, last))
    return Statement(
        text=f"{last.stage} since {_day(last)}, {days} after {first.stage}",
        sources=_both(from_piece, to_piece),
    )


def _standstills(moves: list[tuple[StageMove, Piece]]) -> Iterator[tuple[Section, Statement]]:
    for (move, piece), (after, after_piece) in pairwise(moves):
        if _days(move, after) >= _STOOD_STILL_DAYS:
            text = f"The deal stood in {move.stage} for {_days(move, after)} days until {_day(after)}"
            yield "risks", Statement(text=text, sources=_both(piece, after_piece))


def _both(one: Piece, other: Piece) -> tuple[str, ...]:
    return (one.source.id, other.source.id)


def _days(one: StageMove, other: StageMove) -> int:
    return (other.at - one.at).days if one.at is not None and other.at is not None else 0


def _count(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _day(move: StageMove) -> str:
    return move.at.date().isoformat() if move.at is not None else ""
