"""The simulated org's Streaming API on sockets, as third-party clients meet it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiocometd_ng.exceptions import ServerError
from aiosfstream_ng import Client, ReplayMarker, ReplayMarkerStoragePolicy
from aiosfstream_ng.auth import AuthenticatorBase

from connectors.salesforce.simulator.cometd import delivery
from connectors.salesforce.simulator.faults import HttpFault
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.server import OrgServer

CHANNEL = "/data/OpportunityChangeEvent"


class Login(AuthenticatorBase):  # type: ignore[misc]  # the library ships no types
    """Logs in with client credentials, which the library has no class for."""

    def __init__(self, org: Org) -> None:
        super().__init__()
        self.org = org
        self.logins = 0

    async def _authenticate(self) -> tuple[int, dict[str, Any]]:
        self.logins += 1
        form = {
            "grant_type": "client_credentials",
            "client_id": self.org.app.client_id,
            "client_secret": self.org.app.client_secret,
        }
        url = f"{self.org.login_url}/services/oauth2/token"
        async with aiohttp.ClientSession() as http, http.post(url, data=form) as response:
            return response.status, await response.json()


@pytest.fixture
async def server() -> AsyncIterator[OrgServer]:
    served = OrgServer(Org(jitter_seconds=0))
    await served.start()
    yield served
    await served.stop()


@asynccontextmanager
async def listening(org: Org, replay: dict[str, ReplayMarker] | None = None) -> AsyncIterator[Client]:
    client = Client(
        Login(org),
        replay={} if replay is None else replay,
        replay_storage_policy=ReplayMarkerStoragePolicy.MANUAL,
        connection_timeout=0,
    )
    await client.open()
    try:
        yield client
    finally:
        await client.close()


def a_deal(org: Org) -> int:
    with org.transaction(org.admin_id) as tx:
        tx.create("Opportunity", {"Name": "A deal", "StageName": "Prospecting", "CloseDate": "2026-10-01"})
    return org.changes.newest


def replay_id(message: dict[str, Any]) -> int:
    return int(message["data"]["event"]["replayId"])


async def heard(client: Client, count: int) -> list[int]:
    async with asyncio.timeout(10):
        return [replay_id(await client.receive()) for _ in range(count)]


async def test_events_arrive_while_they_happen(server: OrgServer) -> None:
    async with listening(server.org) as client:
        await client.subscribe(CHANNEL)
        ids = [a_deal(server.org) for _ in range(3)]
        assert await heard(client, 3) == ids
        ids = [a_deal(server.org) for _ in range(3)]
        assert await heard(client, 3) == ids


async def test_a_stored_replay_id_resumes_strictly_after_it(server: OrgServer) -> None:
    ids = [a_deal(server.org) for _ in range(4)]
    replay = {CHANNEL: ReplayMarker(date="2026-09-14T08:30:12Z", replay_id=ids[1])}
    async with listening(server.org, replay) as client:
        await client.subscribe(CHANNEL)
        assert await heard(client, 2) == ids[2:]


async def test_a_replay_id_out_of_the_window_fails_the_subscribe(server: OrgServer) -> None:
    replay = {CHANNEL: ReplayMarker(date="2026-09-14T08:30:12Z", replay_id=a_deal(server.org))}
    server.org.clock.advance(timedelta(hours=73))
    async with listening(server.org, replay) as client:
        with pytest.raises(ServerError, match=r"Subscribe request failed") as refused:
            await client.subscribe(CHANNEL)
        assert refused.value.error_message is not None
        assert client.subscriptions == set()


async def test_a_client_that_is_lost_shakes_hands_again(server: OrgServer) -> None:
    async with listening(server.org) as client:
        await client.subscribe(CHANNEL)
        server.cometd.drop_clients()
        await asyncio.wait_for(_until(lambda: server.org.limits.cometd_clients == 1), 10)
        await asyncio.wait_for(_until(lambda: CHANNEL in client.subscriptions), 10)
        (deal,) = [a_deal(server.org)]
        assert await heard(client, 1) == [deal]


async def test_an_ended_session_is_renewed_and_nothing_is_missed(server: OrgServer) -> None:
    async with listening(server.org) as client:
        await client.subscribe(CHANNEL)
        server.org.sessions.expire_all()
        deal = a_deal(server.org)
        assert await heard(client, 1) == [deal]
        assert client.auth.logins == 2


async def test_a_large_backlog_comes_in_several_responses(
    server: OrgServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LARGEST_RESPONSE", 5_000)
    ids = [a_deal(server.org) for _ in range(100)]
    replay = {CHANNEL: ReplayMarker(date="2026-09-14T08:30:12Z", replay_id=ids[0])}
    async with listening(server.org, replay) as client:
        await client.subscribe(CHANNEL)
        assert await heard(client, len(ids) - 1) == ids[1:]


async def _until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 - the library has no event to wait for
        await asyncio.sleep(0.01)


async def _token(org: Org) -> dict[str, str]:
    return {"Authorization": f"Bearer {org.sessions.issue(org.admin_id, 'app').token}"}


async def test_a_websocket_is_refused(server: OrgServer) -> None:
    async with aiohttp.ClientSession(headers=await _token(server.org)) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{server.org.instance_url}/cometd/66.0")
        assert refused.value.status == 400


@pytest.mark.parametrize(
    ("path", "successful"),
    [
        ("/cometd/66.0", True),
        ("/cometd/66.0/", True),
        ("/cometd/66.0/handshake", True),
        ("/cometd/66.0/subscribe", True),
        ("/cometd/replay/36.0", False),
        ("/cometd/36.0", False),
        ("/cometd", False),
        ("/cometd/", False),
    ],
)
async def test_every_spelling_of_the_url_is_answered(
    server: OrgServer, path: str, *, successful: bool
) -> None:
    async with aiohttp.ClientSession(headers=await _token(server.org)) as http:
        message = {"channel": "/meta/handshake", "id": "1"}
        async with http.post(server.org.instance_url + path, json=[message]) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
            (reply,) = await response.json()
            assert reply["successful"] is successful


async def test_a_held_connect_whose_client_hangs_up_loses_nothing(server: OrgServer) -> None:
    org, url = server.org, f"{server.org.instance_url}/cometd/66.0"
    async with aiohttp.ClientSession(headers=await _token(org)) as http:

        async def say(channel: str, **more: Any) -> list[dict[str, Any]]:
            async with http.post(url, json=[{"channel": channel, "id": "1", **more}]) as response:
                replies: list[dict[str, Any]] = await response.json()
                return replies

        client = (await say("/meta/handshake"))[0]["clientId"]
        connect = {"clientId": client, "connectionType": "long-polling"}
        await say("/meta/connect", **connect)
        await say("/meta/subscribe", clientId=client, subscription=CHANNEL)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(say("/meta/connect", **connect), 0.05)
        await asyncio.sleep(0.05)
        deal = a_deal(org)
        event, reply = await say("/meta/connect", **connect)
        assert (replay_id(event), reply["successful"]) == (deal, True)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (HttpFault("/services/oauth2", status=503), "503 text/html"),
        (HttpFault("/token$", kill="before"), "ServerDisconnectedError"),
        (HttpFault("/token$", kill="after"), "ClientPayloadError"),
        (HttpFault("/services/data", status=503), "400 application/json"),
    ],
)
async def test_a_scripted_fault_comes_once_and_where_it_was_asked_for(
    server: OrgServer, fault: HttpFault, expected: str
) -> None:
    server.faults.http.append(fault)
    url = f"{server.org.login_url}/services/oauth2/token"

    async def outcome() -> str:
        try:
            async with aiohttp.ClientSession() as http, http.post(url, data={"a": "b"}) as response:
                await response.read()
                return f"{response.status} {response.content_type}"
        except aiohttp.ClientError as error:
            return type(error).__name__

    assert await outcome() == expected
    assert await outcome() == "400 application/json"


async def test_the_control_port_moves_the_clock_and_scripts_faults(server: OrgServer) -> None:
    port = await server.start_control()
    org = server.org
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:

        async def order(path: str, **body: Any) -> tuple[int, dict[str, Any]]:
            async with http.post(path, json=body) as response:
                return response.status, await response.json()

        assert await order("/clock", set="2027-01-01T00:00:00Z", advance=60) == (
            200,
            {"now": "2027-01-01T00:01:00+00:00"},
        )
        fault = {"path": "/query", "times": 3, "status": 503}
        assert (await order("/faults", http=[fault], refuse_replay_ids=True))[1] == {"http": 1, "denials": 0}
        assert server.faults.refuse_replay_ids
        async with http.delete("/faults") as response:
            assert response.status == 200
        assert not server.faults.refuse_replay_ids
        assert (await order("/limits", delivered_events=1))[0] == 200
        assert org.limits.max_delivered_events == 1
        assert (await order("/fields", object="Opportunity", field="Amount"))[0] == 200
        assert not org.readable(org.admin_id, "Opportunity", "Amount")
        assert (await order("/stages", rename="Closed Won", to="Won"))[1] == {"opportunities": 0}
        assert (await order("/gap", entity="Opportunity", record_ids=["006"]))[1]["newest_replay_id"]
        assert (await order("/selection", entities=["Task", "Account"]))[0] == 200
        assert org.changes.selected == ["Task", "Account"]
        org.sessions.issue(org.admin_id, "app")
        assert (await order("/sessions/expire"))[1] == {"sessions": 1}
        assert (await order("/cometd/drop"))[1] == {"clients": 0}
        assert (await order("/migrate"))[0] == 200
        for path, body in (
            ("/clock", {"by": 1}),
            ("/faults", {"http": [{"path": "("}]}),
            ("/fields", {"object": "Opportunity", "field": "Nonsense"}),
            ("/fields", {"object": "Nonsense", "field": "Id"}),
            ("/stages", {"rename": "Nonsense", "to": "x"}),
            ("/gap", {"entity": "Nonsense", "record_ids": []}),
            ("/selection", {"entities": ["Note"]}),
            ("/selection", {"entities": ["Opportunity"] * 6}),
        ):
            status, said = await order(path, **body)
            assert (status, list(said)) == (400, ["error"]), path
        async with http.get("/state") as response:
            assert (await response.json())["cometd_clients"] == 0
