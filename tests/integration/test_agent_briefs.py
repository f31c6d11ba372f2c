"""The brief agent on a real Kafka: by the model, by rules, and what it costs."""

from pathlib import Path
from uuid import uuid4

import pytest

from connectors.writer.config import WriterConfig
from connectors.writer.http import HttpBriefWriter
from connectors.writer.memory import MemoryBriefWriter
from connectors.writer.standin.answers import INJECTED
from connectors.writer.standin.faults import Fault
from connectors.writer.standin.server import WriterStandIn
from processors.brief.structured import structured
from schemas.brief import Brief, WriteBrief
from schemas.deal import EnrichedDeal, Note, Opportunity
from schemas.errors import RefusedError, UnavailableError
from schemas.inbox import InboxRecord
from streams.agents.briefs import briefs
from streams.metrics import BRIEF_FALLBACKS, BRIEF_TOKENS, BRIEFS
from tests.fixtures.agents import ORG
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

OPPORTUNITY = "006000000000001AAA"
KEY = f"{ORG}:{OPPORTUNITY}"


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    return AgentBench(config, await known_records(config), tmp_path)


def command(number: int, text: str = "They want to scale to 40 sites.") -> WriteBrief:
    deal = EnrichedDeal(
        id="deal",
        org_id=ORG,
        opportunity_id=OPPORTUNITY,
        opportunity=Opportunity(id=OPPORTUNITY, name="Acme"),
        notes=(Note(id="002000000000001AAA", title="Call", text=text),),
    )
    return WriteBrief(
        id=f"brief-{number}",
        org_id=ORG,
        opportunity_id=OPPORTUNITY,
        run_id="run",
        step_id="brief",
        deal=deal,
        answers={"risks": "IT is one person only."},
    )


async def results(bench: AgentBench, count: int) -> list[tuple[str, Brief]]:
    """The command and the brief of each result, in order."""
    found = []
    for each in await bench.read("workflow.inbox", count):
        assert isinstance(each, InboxRecord)
        assert each.outcome == "succeeded"
        brief = Brief.model_validate_json(each.output["brief"])
        assert each.output["written_by"] == brief.written_by
        assert each.output["fell_back"] == brief.fell_back
        found.append((each.command_id, brief))
    return found


async def test_without_a_model_rules_write_and_nothing_fell_back(bench: AgentBench) -> None:
    asked = command(0)
    bench.produce("briefs.commands", KEY, asked)
    async with bench.running(briefs):
        ((_, brief),) = await results(bench, 1)
    assert asked.deal is not None
    assert brief == structured(asked.deal, asked.answers)
    assert [each.text for each in brief.goals] == ["They want to scale to 40 sites."]
    assert [each.text for each in brief.risks] == ["IT is one person only."]
    assert bench.metrics.value(BRIEFS, written_by="structured") == 1


async def test_the_model_is_asked_once_for_the_same_content_also_after_a_restart(bench: AgentBench) -> None:
    writer = bench.writer = MemoryBriefWriter()
    bench.produce("briefs.commands", KEY, command(0), command(0), command(1))
    async with bench.running(briefs):
        await results(bench, 3)
    bench.produce("briefs.commands", KEY, command(2), command(3, "They want to shrink."))
    async with bench.running(briefs):
        answered = await results(bench, 5)
    assert [brief.written_by for _, brief in answered] == ["model"] * 5
    assert len({brief.model_dump_json() for _, brief in answered[:4]}) == 1
    assert len(writer.asked) == 2
    assert bench.metrics.value(BRIEF_TOKENS) == 2_000


async def test_whatever_goes_wrong_rules_write_and_say_why(bench: AgentBench) -> None:
    writer = bench.writer = MemoryBriefWriter()
    writer.answer_next(
        UnavailableError("time-out", unknown_outcome=True), RefusedError("401"), "Sure!", INJECTED, "{}"
    )
    texts = [f"They want to scale to {number} sites." for number in range(6)]
    bench.produce("briefs.commands", KEY, *(command(number, text) for number, text in enumerate(texts)))
    async with bench.running(briefs):
        answered = await results(bench, 6)
    assert [brief.written_by for _, brief in answered] == [*["structured"] * 5, "model"]
    told = [brief.fell_back for _, brief in answered]
    assert told[0] == "it did not answer"
    assert "refused" in told[1]
    assert "form" in told[2]
    assert "source" in told[3]
    assert "form" in told[4]
    assert told[5] == ""
    for number, (_, brief) in enumerate(answered):
        assert brief.goals[-1].text == texts[number]
        assert "evil.example" not in brief.model_dump_json()
    reasons = {
        name: bench.metrics.value(BRIEF_FALLBACKS, reason=name)
        for name in ("unavailable", "refused", "answer")
    }
    assert reasons == {"unavailable": 1, "refused": 1, "answer": 3}


async def test_a_command_that_fell_back_is_answered_the_same_again(bench: AgentBench) -> None:
    writer = bench.writer = MemoryBriefWriter()
    writer.answer_next(UnavailableError("later"))
    bench.produce("briefs.commands", KEY, command(0), command(0))
    async with bench.running(briefs):
        answered = await results(bench, 2)
    assert answered[0] == answered[1]
    assert answered[0][1].fell_back
    assert len(writer.asked) == 1


async def test_beyond_the_budget_nobody_is_asked(bench: AgentBench) -> None:
    writer = bench.writer = MemoryBriefWriter()
    bench.settings = bench.settings.model_copy(update={"writer": WriterConfig(max_tokens_per_day=3_000)})
    bench.produce(
        "briefs.commands", KEY, *(command(number, f"They want {number} to grow.") for number in range(3))
    )
    async with bench.running(briefs):
        answered = await results(bench, 3)
    assert [brief.written_by for _, brief in answered] == ["model", "structured", "structured"]
    assert answered[1][1].fell_back == "the tokens of the day are spent"
    assert len(writer.asked) == 1
    assert bench.metrics.value(BRIEF_FALLBACKS, reason="budget") == 2


async def test_a_dead_endpoint_is_left_alone(bench: AgentBench) -> None:
    writer = bench.writer = MemoryBriefWriter()
    writer.answer_next(*(UnavailableError("time-out", unknown_outcome=True) for _ in range(9)))
    texts = [f"They want {number} to grow." for number in range(9)]
    bench.produce("briefs.commands", KEY, *(command(number, text) for number, text in enumerate(texts)))
    async with bench.running(briefs):
        answered = await results(bench, 9)
    assert {brief.fell_back for _, brief in answered} == {"it did not answer"}
    assert len(writer.asked) == 5


async def test_over_http_a_slow_endpoint_does_not_hold_a_brief_up(bench: AgentBench) -> None:
    standin = WriterStandIn()
    standin.script([Fault.SLOW, Fault.OVERSIZED])
    config = WriterConfig(url=await standin.start(), model="small", timeout_seconds=0.3)
    bench.settings = bench.settings.model_copy(update={"writer": config})
    bench.writer = HttpBriefWriter(config)
    bench.produce(
        "briefs.commands", KEY, *(command(number, f"They want {number} to grow.") for number in range(3))
    )
    async with bench.running(briefs):
        answered = await results(bench, 3)
    assert [brief.written_by for _, brief in answered] == ["structured", "structured", "model"]
    await bench.writer.close()
    await standin.stop()


async def test_a_command_without_a_deal_is_refused(bench: AgentBench) -> None:
    bench.produce("briefs.commands", KEY, command(0).model_copy(update={"deal": None}))
    async with bench.running(briefs):
        (result,) = await bench.read("workflow.inbox", 1)
    assert isinstance(result, InboxRecord)
    assert (result.outcome, result.retryable) == ("failed", False)
