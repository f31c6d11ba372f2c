"""Rolling allocations, and access tokens that end."""

from datetime import timedelta

import pytest

from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.limits import Edition, RollingCounter
from connectors.salesforce.simulator.org import Org


@pytest.mark.parametrize(
    ("edition", "api_calls", "delivered", "clients"),
    [
        (Edition.DEVELOPER, 15_000, 10_000, 20),
        (Edition.ENTERPRISE, 115_000, 25_000, 1_000),
        (Edition.UNLIMITED, 175_000, 50_000, 2_000),
    ],
)
def test_each_edition_has_its_allocations(
    edition: Edition, api_calls: int, delivered: int, clients: int
) -> None:
    shown = Org(edition=edition).limits.resource()
    assert shown["DailyApiRequests"] == {"Max": api_calls, "Remaining": api_calls}
    assert shown["DailyDeliveredPlatformEvents"]["Max"] == delivered
    assert shown["DurableStreamingApiConcurrentClients"]["Max"] == clients


def test_a_counter_forgets_what_is_24_hours_ago() -> None:
    clock = SimClock()
    counter = RollingCounter(clock)
    counter.add(5)
    clock.advance(timedelta(hours=23, minutes=59))
    counter.add(2)
    assert counter.used == 7
    clock.advance(timedelta(minutes=1))
    assert counter.used == 2
    clock.advance(timedelta(hours=24))
    assert counter.used == 0


def test_calls_beyond_the_allocation_are_refused_and_not_counted() -> None:
    org = Org()
    org.limits.max_api_calls = 2
    assert [org.limits.charge_call() for _ in range(4)] == [True, True, False, False]
    assert org.limits.api_calls.used == 2
    org.clock.advance(timedelta(hours=24))
    assert org.limits.charge_call()


def test_a_session_ends_by_not_being_used() -> None:
    org = Org(session_timeout=timedelta(hours=2))
    token = org.sessions.issue(org.admin_id, "app").token
    assert token.startswith(f"{org.org_id[:15]}!")
    for _ in range(3):
        org.clock.advance(timedelta(hours=1, minutes=59))
        assert org.sessions.lookup(token) is not None
    assert org.sessions.lookup(token, touch=False) is not None
    org.clock.advance(timedelta(hours=2))
    assert org.sessions.lookup(token) is None


def test_a_client_that_stays_connected_keeps_its_session_until_it_is_revoked() -> None:
    org = Org()
    token = org.sessions.issue(org.admin_id, "app").token
    org.clock.advance(timedelta(days=3))
    assert org.sessions.keep(token) is not None
    assert org.sessions.lookup(token) is not None
    assert org.sessions.revoke(token)
    assert org.sessions.keep(token) is None
    assert not org.sessions.revoke(token)


def test_all_sessions_can_be_ended_and_who_watches_is_told() -> None:
    org = Org()
    told: list[bool] = []
    org.sessions.watch(lambda: told.append(True))
    tokens = {org.sessions.issue(org.admin_id, "app").token for _ in range(3)}
    assert len(tokens) == 3
    assert org.sessions.expire_all() == 3
    assert told == [True]
    assert not any(org.sessions.lookup(token) for token in tokens)


def test_a_revoked_grant_takes_its_sessions_along() -> None:
    org = Org()
    grant = org.sessions.issue_refresh_token(org.admin_id, "app", "api refresh_token")
    own, other = (org.sessions.issue(org.admin_id, client).token for client in ("app", "another"))
    assert org.sessions.refresh_token(grant.token) == grant
    assert org.sessions.revoke_refresh_token(grant.token)
    assert org.sessions.refresh_token(grant.token) is None
    assert org.sessions.lookup(own) is None
    assert org.sessions.lookup(other) is not None
    assert not org.sessions.revoke_refresh_token(grant.token)
