"""Polling an org that hides fields, refuses, answers nonsense or holds hostile text."""

import orjson
import pytest
from structlog.testing import capture_logs

from connectors.salesforce.simulator.org import Org
from schemas.errors import RefusedError, UnavailableError
from schemas.ids import stage_entry_id
from tests.fixtures.polled_org import Polled, changes_of, deal_in, entries_of, pass_by, update


async def test_without_the_stage_date_the_history_tells_and_it_is_said(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 1000)
    org.access.hide("Opportunity", "LastStageChangeDate")
    polled = Polled(org)
    with capture_logs() as logs:
        await polled.open(None)
    assert [each["hidden"] for each in logs if each["event"] == "polling sees less than all"] == [
        "LastStageChangeDate"
    ]
    update(org, deal, StageName="Closed Won")
    moment = org.clock.now()
    (entry,) = entries_of(changes_of(await polled.poll()))
    assert entry.id == stage_entry_id(org.org_id, deal, "Closed Won", moment)


async def test_without_the_history_the_present_stage_is_told_and_that_this_is_all_is_said(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 1000)
    org.access.hide("OpportunityHistory", "OpportunityId")
    polled = Polled(org)
    with capture_logs() as logs:
        await polled.open(None)
    assert [each["hidden"] for each in logs if each["event"] == "polling sees less than all"] == [
        "OpportunityHistories"
    ]
    update(org, deal, StageName="Qualification")
    pass_by(org, 10)
    update(org, deal, StageName="Closed Won")
    (entry,) = entries_of(changes_of(await polled.poll()))
    assert entry.id == stage_entry_id(org.org_id, deal, "Closed Won", org.clock.now())


async def test_with_neither_date_nor_history_it_says_whom_to_ask(org: Org) -> None:
    org.access.hide("Opportunity", "LastStageChangeDate")
    org.access.hide("OpportunityHistory", "OpportunityId")
    with pytest.raises(RefusedError) as caught:
        await Polled(org).open(None)
    assert "LastStageChangeDate" in caught.value.todo


async def test_an_org_that_refuses_the_query_refuses_us(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    org.access.hide("Opportunity", "LastStageChangeDate")
    with pytest.raises(RefusedError, match="INVALID_FIELD"):
        await polled.poll()


async def test_a_deal_that_cannot_be_read_is_set_aside_and_the_next_one_comes(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = Polled(org)
    await polled.open(None)
    bad, good = deal_in(org), deal_in(org)
    answer = polled.rest.call

    async def spoilt(*args: object, **kwargs: object) -> object:
        page = await answer(*args, **kwargs)  # type: ignore[arg-type]  # handed on as it came
        for record in page.get("records", ()):
            if record.get("Id") == bad:
                record["StageName"] = {"diff": "--- "}
        return page

    monkeypatch.setattr(polled.rest, "call", spoilt)
    found = await polled.poll()
    assert [each.malformed is not None for each in found] == [True, False]
    assert [change.record_id for change in changes_of(found)] == [good]
    pass_by(org, 10)
    assert await polled.poll() == []


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"records": [{}]}, {"records": [{"Id": "x"}]}, {"records": 5}]
)
async def test_an_answer_that_makes_no_sense_is_a_typed_error(
    org: Org, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = Polled(org)
    await polled.open(None)

    async def nonsense(*_: object, **__: object) -> object:
        return {"done": True, **answer} if isinstance(answer, dict) else answer

    monkeypatch.setattr(polled.rest, "call", nonsense)
    with pytest.raises(UnavailableError):
        await polled.poll()


async def test_hostile_text_never_comes_into_a_query(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 100)
    polled = Polled(org)
    await polled.open(None)
    hostile = "x' OR Id != null -- \u2028\"}"
    update(org, deal, Name=hostile)
    (change,) = changes_of(await polled.poll())
    assert orjson.loads(change.body)["Name"] == hostile
    assert not any(hostile in path for path in polled.rest.paths)
