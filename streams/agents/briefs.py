"""Commands become handoff briefs: by a language model if there is one, else and whenever it fails by rules.

A brief never fails for the model's sake: what went wrong stands in the brief, in a metric and in the log.
"""

from typing import Any

from processors.brief.keeping import answered_before, with_brief
from schemas.brief import WriteBrief
from schemas.brief_book import KeptBrief, KeptBriefs
from schemas.errors import RefusedError
from streams.agents.commands import SIDE_BY_SIDE, failure, success
from streams.app import Surroundings, add_table, attach, new_app
from streams.brief_books import BriefBooks
from streams.brief_desk import BriefDesk
from streams.envelope import Limits
from streams.job import Job, expect, one_by_one
from streams.metrics import FAILED_ATTEMPTS

ROLE = "briefs"


def briefs(around: Surroundings) -> Any:
    """Make the app that reads `briefs.commands`, writes briefs and answers.

    A command that comes again is answered the same, as long as its brief is kept. A crash between the model's
    answer and its changelog entry asks the model once more.
    """
    app = new_app(ROLE, around.settings)
    table = add_table(app, "kept", around)
    books = BriefBooks(
        table,
        around.clock,
        partitions=around.settings.kafka.partitions,
        most_tokens=around.settings.writer.max_tokens_per_day,
    )
    desk = BriefDesk(around, books)

    async def handle(job: Job) -> None:
        command = expect(job.record, WriteBrief)
        if command.deal is None:
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
            none = RefusedError("the command has no deal to write about", on=f"brief {command.id}")
            await job.emit(failure(command, none, around.clock.now()))
            return
        held = job.recall(table)
        kept = KeptBriefs.model_validate_json(held) if held is not None else KeptBriefs()
        brief = answered_before(kept, command.id, command.attempt)
        if brief is None:
            done = await desk.write(command, command.deal, kept)
            brief = done.brief
            try:
                await books.enter(job, done.tokens)
            finally:
                books.release(done.reserved)
            entry = KeptBrief(command_id=command.id, attempt=command.attempt, digest=done.digest, brief=brief)
            await job.remember(table, with_brief(kept, entry).model_dump_json().encode())
        output = {
            "brief": brief.model_dump_json(),
            "written_by": brief.written_by,
            "fell_back": brief.fell_back,
        }
        await job.emit(success(command, output))

    limits = Limits(side_by_side=SIDE_BY_SIDE)
    attach(app, ROLE, ("briefs.commands",), one_by_one(handle), around, limits=limits)
    return app
