"""`/v1/dead-letter-work`: sending letters back, or discarding them; and how far that is."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from processors.dead_letters import Filter, Redrive
from schemas.ids import derived_id
from streams.api.audit import Audit
from streams.api.guard import GuardedRoute
from streams.api.keys import key_of
from streams.api.letter_bodies import LetterCommand, LetterPlan, means
from streams.api.person import person_of
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.undertakings import BusyError, Undertaking
from streams.letter_desk import Dealing
from streams.letter_facts import became, planned

router = APIRouter(prefix="/v1/dead-letter-work", route_class=GuardedRoute, tags=["dead letters"])

_SHOWN = 500
WorkId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The id of the work.")]
Asked = Annotated[Services, Depends(services_of)]


@router.post(
    "",
    summary="Redrive or discard dead letters",
    response_model=LetterPlan | Undertaking,
    responses={
        200: {"model": LetterPlan, "description": "What would be done: a dry run."},
        202: {"model": Undertaking, "description": "Begun. `Location` says where to ask for its state."},
    },
)
async def begin_work(
    body: LetterCommand, request: Request, response: Response, services: Asked
) -> LetterPlan | Undertaking:
    """Begin to send letters back to where they came from, or to mark them as needed by nobody.

    It may take minutes, so the request is answered when it has begun. One at a time: while another is under
    way this is refused (409). The same `Idempotency-Key` gives the work that was begun with it.
    """
    wanted = means(body.which, services.letters, body.which.letters)
    if wanted == Filter() and not body.which.all:
        raise ProblemError(422, "No letter is meant: name letters, filter them, or say `all`.")
    if body.command == "discard" and not body.reason.strip():
        raise ProblemError(422, "A discard needs its `reason`: why nobody needs them.")
    actor = person_of(request).actor
    id_ = derived_id("dead-letters", key_of(request), actor.casefold(), body.command)
    board = await services.letters.board()
    if body.command == "redrive":
        plan = services.letters.plan(board, wanted)
    else:
        plan = Redrive([letter for letter in board.in_order() if wanted.means(letter)])
    if body.dry_run:
        return _shown(body, plan)
    undertaking = services.undertakings.get(id_)
    if undertaking is None:
        undertaking = await _begun(request, services, body, plan, id_)
    response.status_code = 202
    response.headers["Location"] = f"{router.prefix}/{undertaking.id}"
    return undertaking


@router.get("/{work_id}", summary="Show how far work on letters is", response_model=Undertaking)
async def show_work(work_id: WorkId, services: Asked) -> Any:
    """Show the state of a redrive or discard that this process began: how much is done, what came of it."""
    return _one(services, work_id)


@router.post("/{work_id}/stop", summary="Stop work on letters", response_model=Undertaking)
async def stop_work(work_id: WorkId, request: Request, services: Asked) -> Any:
    """Stop it, if it is under way. What was not done is still aside; the last few may go twice later."""
    undertaking = _one(services, work_id)
    audit = Audit(request, "dead-letter.stop", work_id)
    await audit.asked(work_id)
    services.undertakings.stop(work_id)
    await audit.went("done")
    return undertaking


async def _begun(
    request: Request, services: Services, body: LetterCommand, plan: Redrive, id_: str
) -> Undertaking:
    """Audit the work and begin it. Raises a `ProblemError` (409) while another piece is under way."""
    actor = person_of(request).actor
    how = Dealing(actor=actor, why=body.reason, rate=body.rate, wait_seconds=body.wait)
    on = body.which.letters[0] if len(body.which.letters) == 1 else "dead-letters"
    audit = Audit(request, f"dead-letter.{body.command}", on)

    async def work(undertaking: Undertaking) -> Mapping[str, bool | int | list[str]]:
        def done(count: int) -> None:
            undertaking.done += count

        if body.command == "discard":
            await services.letters.discard(plan.letters, how, done)
            return {}
        return became(await services.letters.redrive(plan.letters, how, done))

    async def ended(undertaking: Undertaking) -> None:
        await audit.went(undertaking.state)

    await audit.asked(id_)
    begun = Undertaking(
        id=id_, what=body.command, by=actor, count=len(plan.letters), began_at=services.clock.now()
    )
    try:
        return services.undertakings.begin(begun, work, ended)
    except BusyError as error:
        known = services.undertakings.get(id_)
        if known is not None and error.id == id_:
            return known
        await audit.went("refused")
        raise ProblemError(409, f"Other work is under way: {router.prefix}/{error.id}") from None


def _one(services: Services, work_id: str) -> Undertaking:
    undertaking = services.undertakings.get(work_id)
    if undertaking is None:
        raise ProblemError(404, "This process has begun no such work; the letters' marks say what was done.")
    return undertaking


def _shown(body: LetterCommand, plan: Redrive) -> LetterPlan:
    told = planned(plan)
    return LetterPlan(
        command=body.command,
        count=len(plan.letters),
        meant=told.meant[:_SHOWN],
        held_back=dict(list(told.held_back.items())[:_SHOWN]),
        from_outside=told.from_outside[:_SHOWN],
    )
