"""Writes one brief: by the model if there is one and it holds, else by rules, and says which and why."""

from dataclasses import dataclass

import structlog

from connectors.ports import BriefWriter
from processors.brief.answer_form import json_schema
from processors.brief.check import checked
from processors.brief.keeping import written_before
from processors.brief.material import material
from processors.brief.prompt import Prompt, prompt
from processors.brief.structured import structured
from schemas.brief import Brief, WriteBrief
from schemas.brief_book import KeptBriefs
from schemas.deal import EnrichedDeal
from schemas.errors import DealwireError, UnavailableError
from streams.agents.commands import bounded
from streams.app import Surroundings
from streams.brief_books import BriefBooks
from streams.metrics import BRIEF_DROPPED, BRIEF_FALLBACKS, BRIEF_TOKENS, BRIEFS
from streams.sink_rest import SinkRest

__all__ = ["BriefDesk", "Done"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A brief and what it took. `reason` is why rules wrote it although there is a model, in one word.

    `reserved` is still set aside in the books, until the cost, `tokens`, is entered there.
    """

    brief: Brief
    digest: str = ""
    tokens: int = 0
    reserved: int = 0
    dropped: int = 0
    reason: str = ""


class BriefDesk:
    """Where the briefs of a worker are written. A model that fails several times in a row is left alone."""

    def __init__(self, around: Surroundings, books: BriefBooks) -> None:
        self._writer = around.writer
        self._config = around.settings.writer
        self._metrics = around.metrics
        self._books = books
        self._rest = SinkRest("writer", around.clock, around.metrics)

    async def write(self, command: WriteBrief, deal: EnrichedDeal, kept: KeptBriefs) -> Done:
        """Write the brief of a deal. Raises nothing for the model's sake."""
        done = await self._written(command, deal, kept)
        self._metrics.add(BRIEFS, written_by=done.brief.written_by)
        self._metrics.add(BRIEF_TOKENS, done.tokens)
        self._metrics.add(BRIEF_DROPPED, done.dropped)
        if done.reason:
            self._metrics.add(BRIEF_FALLBACKS, reason=done.reason)
            log.warning(
                "brief written by rules instead of the model",
                command=command.id,
                run=command.run_id,
                org=command.org_id,
                reason=done.reason,
                told=done.brief.fell_back,
                dropped=done.dropped,
            )
        return done

    async def _written(self, command: WriteBrief, deal: EnrichedDeal, kept: KeptBriefs) -> Done:
        if self._writer is None:
            return Done(brief=structured(deal, command.answers))
        asked = prompt(material(deal, command.answers), most_bytes=self._config.prompt_bytes)
        digest = f"{self._config.model}:{asked.digest}"
        before = written_before(kept, digest)
        if before is not None:
            return Done(brief=before, digest=digest)
        most = self._config.estimate(asked.bytes)
        if not self._books.reserve(most):
            told = "the tokens of the day are spent"
            return Done(brief=structured(deal, command.answers, fell_back=told), reason="budget")
        try:
            return await self._by_model(self._writer, asked, command, deal)
        except BaseException:
            self._books.release(most)
            raise

    async def _by_model(
        self, writer: BriefWriter, asked: Prompt, command: WriteBrief, deal: EnrichedDeal
    ) -> Done:
        most = self._config.estimate(asked.bytes)

        async def attempt() -> tuple[str, int]:
            call = writer.write(asked.messages, schema=json_schema())
            written = await bounded(call, on=f"brief {command.id}")
            return written.text, written.tokens

        try:
            text, tokens = await self._rest.call(attempt, key=command.id)
        except DealwireError as error:
            log.warning("the model gave no answer", command=command.id, run=command.run_id, error=str(error))
            may_heal = isinstance(error, UnavailableError)
            told = "it did not answer" if may_heal else "its endpoint refused to answer"
            return Done(
                brief=structured(deal, command.answers, fell_back=told),
                tokens=most if isinstance(error, UnavailableError) and error.unknown_outcome else 0,
                reserved=most,
                reason="unavailable" if may_heal else "refused",
            )
        verdict = checked(text, asked)
        if verdict.brief is None:
            brief = structured(deal, command.answers, fell_back=verdict.reason)
            return Done(brief=brief, tokens=tokens, reserved=most, dropped=verdict.dropped, reason="answer")
        digest = f"{self._config.model}:{asked.digest}"
        return Done(brief=verdict.brief, digest=digest, tokens=tokens, reserved=most, dropped=verdict.dropped)
