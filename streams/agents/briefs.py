"""Commands become handoff briefs: by a language model if there is one, else and whenever it fails by rules.

A brief never fails for the model's sake: what went wrong stands in the brief, in a metric and in the log.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from connectors.ports import BriefWriter, Written
from processors.brief.answer_form import json_schema
from processors.brief.check import checked
from processors.brief.keeping import answered_before, with_brief, written_before
from processors.brief.material import material
from processors.brief.prompt import Prompt, prompt
from processors.brief.structured import structured
from schemas.brief import Brief, WriteBrief
from schemas.brief_book import KeptBrief, KeptBriefs
from schemas.deal import EnrichedDeal
from schemas.errors import DealwireError, RefusedError, UnavailableError
from streams.agents.commands import SIDE_BY_SIDE, bounded, failure, success
from streams.app import Surroundings, add_table, attach, new_app
from streams.brief_books import BriefBooks
from streams.envelope import Limits
from streams.job import Job, expect, one_by_one
from streams.metrics import BRIEF_DROPPED, BRIEF_FALLBACKS, BRIEF_TOKENS, BRIEFS, FAILED_ATTEMPTS

ROLE = "briefs"

log = structlog.get_logger(__name__)


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
            outcome = await _written(around, books, command, command.deal, kept)
            brief = outcome.brief
            _tell(around, command, outcome)
            entry = KeptBrief(
                command_id=command.id, attempt=command.attempt, digest=outcome.digest, brief=brief
            )
            try:
                await books.enter(job, outcome.tokens)
            finally:
                books.release(outcome.reserved)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """A brief, and what it took. `reason` is why rules wrote it although there is a model, in one word."""

    brief: Brief
    digest: str = ""
    tokens: int = 0
    reserved: int = 0
    dropped: int = 0
    reason: str = ""


async def _written(
    around: Surroundings, books: BriefBooks, command: WriteBrief, deal: EnrichedDeal, kept: KeptBriefs
) -> _Outcome:
    writer, config = around.writer, around.settings.writer
    if writer is None:
        return _Outcome(brief=structured(deal, command.answers))
    asked = prompt(material(deal, command.answers), most_bytes=config.prompt_bytes)
    digest = f"{config.model}:{asked.digest}"
    before = written_before(kept, digest)
    if before is not None:
        return _Outcome(brief=before, digest=digest)
    most = config.estimate(asked.bytes)

    def fallen_back(
        reason: str, told: str, *, tokens: int = 0, reserved: int = 0, dropped: int = 0
    ) -> _Outcome:
        return _Outcome(
            brief=structured(deal, command.answers, fell_back=told),
            tokens=tokens,
            reserved=reserved,
            dropped=dropped,
            reason=reason,
        )

    if not books.reserve(most):
        return fallen_back("budget", "the tokens of the day are spent")
    try:
        answer = await _asked(writer, asked, command)
    except UnavailableError as error:
        cost = most if error.unknown_outcome else 0
        log.warning("the model did not answer", command=command.id, run=command.run_id, error=str(error))
        return fallen_back("unavailable", "it did not answer", tokens=cost, reserved=most)
    except DealwireError as error:
        log.warning("the model was refused to us", command=command.id, run=command.run_id, error=str(error))
        return fallen_back("refused", "its endpoint refused to answer", reserved=most)
    except BaseException:
        books.release(most)
        raise
    verdict = checked(answer.text, asked)
    if verdict.brief is None:
        return fallen_back(
            "answer", verdict.reason, tokens=answer.tokens, reserved=most, dropped=verdict.dropped
        )
    return _Outcome(
        brief=verdict.brief, digest=digest, tokens=answer.tokens, reserved=most, dropped=verdict.dropped
    )


async def _asked(writer: BriefWriter, asked: Prompt, command: WriteBrief) -> Written:
    return await bounded(writer.write(asked.messages, schema=json_schema()), on=f"brief {command.id}")


def _tell(around: Surroundings, command: WriteBrief, outcome: _Outcome) -> None:
    metrics = around.metrics
    metrics.add(BRIEFS, written_by=outcome.brief.written_by)
    metrics.add(BRIEF_TOKENS, outcome.tokens)
    metrics.add(BRIEF_DROPPED, outcome.dropped)
    if outcome.reason:
        metrics.add(BRIEF_FALLBACKS, reason=outcome.reason)
        log.warning(
            "brief written by rules instead of the model",
            command=command.id,
            run=command.run_id,
            org=command.org_id,
            reason=outcome.reason,
            told=outcome.brief.fell_back,
            dropped=outcome.dropped,
        )
