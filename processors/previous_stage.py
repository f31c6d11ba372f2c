"""Which stage a deal came from, where its entry was the first that was heard of it."""

from datetime import timedelta

from schemas.deal import EnrichedDeal, EnrichmentRequest

_SAME_MOMENT = timedelta(seconds=5)
"""How far apart the org may stamp a stage's entry and the row of its history that tells of it."""


def with_previous_stage(deal: EnrichedDeal, request: EnrichmentRequest) -> EnrichedDeal:
    """Say of a deal which stage entry it was read for, and the stage before it.

    What was heard counts; else the newest row of the history, up to the moment of entry, with another stage.
    """
    return deal.model_copy(
        update={
            "entered_stage": request.entered_stage,
            "entered_at": request.entered_at,
            "previous_stage": request.previous_stage or _from_history(deal, request),
        }
    )


def _from_history(deal: EnrichedDeal, request: EnrichmentRequest) -> str | None:
    if request.entered_at is None:
        return None
    latest = request.entered_at + _SAME_MOMENT
    rows = [move for move in deal.stage_history if move.at is not None and move.at <= latest]
    newest_first = sorted(rows, key=lambda move: str(move.at), reverse=True)
    return next((move.stage for move in newest_first if move.stage != request.entered_stage), None)
