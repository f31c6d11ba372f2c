"""What is told of notified deals, beside what their change events say."""

from datetime import timedelta

import pytest

from connectors.salesforce.outbound.telling import Telling
from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.reader import Reader
from schemas.change import Change
from schemas.errors import UnavailableError
from tests.fixtures.polled_org import OrgRest, changes_of, entries_of, events_since
from tests.fixtures.small_org import small_org

LOOK_BACK = timedelta(hours=72)


class Knocked:
    def __init__(self) -> None:
        small = small_org()
        self.org = small.org
        self.deal = small.ids["Alpha"]
        self.start = self.org.changes.newest
        self.rest = OrgRest(self.org)
        self.gone: list[int] = []

        async def pause(_seconds: float) -> None:
            pass

        reader = Reader(PollConfig(share=1), self.rest, self.org.clock, pause)  # type: ignore[arg-type]  # no socket
        self.telling = Telling(reader, LOOK_BACK, self.gone.append)

    def move(self, stage: str, after: timedelta = timedelta(minutes=1)) -> None:
        self.org.clock.advance(after)
        with self.org.transaction(self.org.admin_id) as tx:
            tx.update("Opportunity", self.deal, {"StageName": stage})

    async def told(self, *ids: str) -> list[Change]:
        return await self.telling.changes(self.org.org_id, ids or (self.deal,))

    def heard(self) -> set[str]:
        return {each.id for each in entries_of(changes_of(list(events_since(self.org, self.start))))}


@pytest.fixture
def knocked() -> Knocked:
    return Knocked()


async def test_one_message_tells_every_stage_since_with_the_ids_of_their_change_events(
    knocked: Knocked,
) -> None:
    for stage in ("Qualification", "Negotiation/Review", "Closed Won"):
        knocked.move(stage)
    found = {each.id for each in entries_of(await knocked.told())}
    assert len(knocked.heard()) == 3
    assert knocked.heard() <= found


async def test_twice_and_out_of_order_it_is_the_same_changes(knocked: Knocked) -> None:
    knocked.move("Qualification")
    first = await knocked.told()
    knocked.move("Closed Won")
    later, again = await knocked.told(), await knocked.told()
    assert [each.id for each in later] == [each.id for each in again]
    assert {each.id for each in first} <= {each.id for each in later}
    assert {each.id for each in entries_of([*later, *first, *again])} == {
        each.id for each in entries_of(later)
    }


async def test_after_days_of_silence_only_what_lies_within_the_look_back_is_told(knocked: Knocked) -> None:
    knocked.move("Qualification")
    knocked.move("Closed Won", LOOK_BACK + timedelta(hours=1))
    assert [each.stage for each in entries_of(await knocked.told())] == ["Closed Won"]


async def test_a_deal_that_is_gone_for_good_is_counted_and_holds_nothing_up(knocked: Knocked) -> None:
    knocked.move("Closed Won")
    found = await knocked.told(knocked.deal, "006000000000009AAA")
    assert {each.record_id for each in found} == {knocked.deal}
    assert knocked.gone == [1]


async def test_a_deal_in_the_recycle_bin_tells_of_its_deletion(knocked: Knocked) -> None:
    with knocked.org.transaction(knocked.org.admin_id) as tx:
        tx.delete("Opportunity", knocked.deal)
    assert (await knocked.told())[-1].change_type == "DELETE"


async def test_an_org_that_does_not_answer_is_an_error_and_not_silence(knocked: Knocked) -> None:
    knocked.rest.failures = [UnavailableError("503")]
    with pytest.raises(UnavailableError):
        await knocked.told()
