"""The sandbox's schema registry speaks Confluent's API and keeps what it has answered."""

import json
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest
import requests

from connectors.kafka.broker.registry import Registry
from connectors.kafka.config import RegistryConfig
from connectors.kafka.registry import HttpRegistry
from schemas.errors import RefusedError, UnavailableError
from tests.fixtures.sandbox import required

pytestmark = pytest.mark.registry


def _record(*fields: str) -> str:
    text = {
        "type": "record",
        "name": "Order",
        "fields": [{"name": name, "type": "string"} for name in fields],
    }
    return json.dumps(text, separators=(",", ":"))


def _client(url: str) -> HttpRegistry:
    return HttpRegistry(RegistryConfig(url=url))


async def test_gives_one_id_for_one_schema(registry: str) -> None:
    subject = f"{uuid4()}-value"
    number = await _client(registry).register(subject, _record("a"))
    assert await _client(registry).register(subject, _record("a")) == number
    assert await _client(registry).schema(number) == _record("a")
    assert await _client(registry).id_of(subject, _record("a")) == number


async def test_does_not_know_what_nobody_registered(registry: str) -> None:
    assert await _client(registry).id_of(f"{uuid4()}-value", _record("a")) is None
    assert await _client(registry).schema(999_999) is None


async def test_refuses_what_old_readers_could_not_read(registry: str) -> None:
    subject = f"{uuid4()}-value"
    client = _client(registry)
    await client.register(subject, _record("a"))
    await client.set_compatibility(subject, "FULL_TRANSITIVE")
    with pytest.raises(RefusedError, match="not compatible"):
        await client.register(subject, _record("a", "b"))


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_keeps_ids_and_rules_over_a_restart(tmp_path: Path, end: str) -> None:
    server = Registry(tmp_path)
    with required(), server:
        client = _client(server.url)
        first = await client.register("orders-value", _record("a"))
        await client.set_compatibility("orders-value", "FULL_TRANSITIVE")
        second = await client.register("lines-value", _record("b"))
        address = server.url
        getattr(server, end)()
        server.start()
        assert server.url == address
        assert await client.schema(first) == _record("a")
        assert await client.register("lines-value", _record("b")) == second
        assert await client.register("new-value", _record("c")) > max(first, second)
        with pytest.raises(RefusedError):
            await client.register("orders-value", _record("a", "b"))


def test_listens_on_loopback_only_and_answers_health(tmp_path: Path) -> None:
    with required(), Registry(tmp_path) as server:
        listening = [
            connection.laddr
            for connection in psutil.Process(server.pid).net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
        (management,) = (address.port for address in listening if f":{address.port}/" not in server.url)
        assert requests.get(f"http://127.0.0.1:{management}/health/ready", timeout=10).ok


def test_says_which_port_is_taken(tmp_path: Path, registry: str) -> None:
    port = urlsplit(registry).port
    with pytest.raises(UnavailableError, match=str(port)):
        Registry(tmp_path, port=port).start()
