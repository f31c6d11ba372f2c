"""`/v1/dead-letters`: what was set aside, and why."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from processors.letter_pages import Spot, page
from schemas.errors import BrokenInvariantError, UsageError
from streams.api.guard import GuardedRoute
from streams.api.letter_bodies import LetterLine, LetterList, LetterName, LetterPage, WholeLetter, means
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import KEPT, is_known, tag, tagged, unchanged
from streams.letter_facts import body, facts

router = APIRouter(prefix="/v1/dead-letters", route_class=GuardedRoute, tags=["dead letters"])

LetterId = Annotated[LetterName, Path(description="The letter's id, as the list has it.")]
Asked = Annotated[Services, Depends(services_of)]


@router.get("", summary="List dead letters", response_model=LetterPage)
async def list_letters(asked: Annotated[LetterList, Query()], services: Asked) -> Any:
    """List what is still aside, the oldest first; or what was dealt with, the latest first."""
    try:
        after = Spot.parse(asked.after) if asked.after else None
    except UsageError:
        raise ProblemError(422, "`after` is no place in a list: give that of the page before.") from None
    wanted = means(asked, services.letters)
    board = await services.letters.board()
    found, more = await asyncio.to_thread(  # there may be a hundred thousand
        page, board, wanted, dealt_with=asked.dealt_with, after=after, limit=asked.limit
    )
    return {
        "letters": [LetterLine.model_validate(facts(*each)) for each in found],
        "after": str(Spot.of(*found[-1])) if more else None,
    }


@router.get("/{letter_id}", summary="Show a dead letter whole", response_model=WholeLetter, **KEPT)
async def show_letter(letter_id: LetterId, request: Request, response: Response, services: Asked) -> Any:
    """Show a letter: where it came from, why it is here, and the record as today's code reads it."""
    found = (await services.letters.board()).find(letter_id)
    if found is None:
        raise ProblemError(404, "There is no such letter.")
    letter, mark = found
    current = tag(f"{letter.id}-{mark.kind if mark is not None else 'aside'}")
    if is_known(request, current):
        return unchanged(current)
    try:
        record = body(*await services.letters.body(letter))
    except BrokenInvariantError:
        raise ProblemError(404, "Kafka has deleted this letter.") from None
    response.headers.update(tagged(current))
    return {**facts(letter, mark), **record}
