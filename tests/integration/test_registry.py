"""The sandbox's schema registry speaks Confluent's API and keeps what it has answered."""

import json
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest
import requests
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from connectors.kafka.broker.registry import Registry
from schemas.errors import UnavailableError
from tests.fixtures.sandbox import required

pytestmark = pytest.mark.registry


def _record(*fields: str) -> Schema:
    text = {
        "type": "record",
        "name": "Order",
        "fields": [{"name": name, "type": "string"} for name in fields],
    }
    return Schema(json.dumps(text, separators=(",", ":")), "AVRO")


def test_gives_one_id_for_one_schema(registry: str) -> None:
    subject = f"{uuid4()}-value"
    with SchemaRegistryClient({"url": registry}) as client:
        number = client.register_schema(subject, _record("a"))
        assert client.register_schema(subject, _record("a")) == number
    with SchemaRegistryClient({"url": registry}) as another:
        assert another.get_schema(number).schema_str == _record("a").schema_str


def test_refuses_what_old_readers_could_not_read(registry: str) -> None:
    subject = f"{uuid4()}-value"
    with SchemaRegistryClient({"url": registry}) as client:
        client.register_schema(subject, _record("a"))
        client.set_compatibility(subject, "FULL_TRANSITIVE")
        with pytest.raises(SchemaRegistryError) as refused:
            client.register_schema(subject, _record("a", "b"))
    assert refused.value.http_status_code == 409


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_keeps_ids_and_rules_over_a_restart(tmp_path: Path, end: str) -> None:
    server = Registry(tmp_path)
    with required(), server:
        with SchemaRegistryClient({"url": server.url}) as client:
            first = client.register_schema("orders-value", _record("a"))
            client.set_compatibility("orders-value", "FULL_TRANSITIVE")
            second = client.register_schema("lines-value", _record("b"))
        address = server.url
        getattr(server, end)()
        server.start()
        assert server.url == address
        with SchemaRegistryClient({"url": server.url}) as again:
            assert again.get_subjects() == ["lines-value", "orders-value"]
            assert again.get_schema(first).schema_str == _record("a").schema_str
            assert again.register_schema("lines-value", _record("b")) == second
            assert again.register_schema("new-value", _record("c")) > max(first, second)
            with pytest.raises(SchemaRegistryError):
                again.register_schema("orders-value", _record("a", "b"))


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
