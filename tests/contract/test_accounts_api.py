"""The published contract, the stand-in and our records say the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ruamel.yaml import YAML

from connectors.accounts.standin.faults import Fault, ScriptedFaults
from connectors.accounts.standin.server import AccountsStandIn
from schemas.account import Account
from tests.fixtures.accounts import ORG, an_account

CONTRACT: Mapping[str, Any] = YAML(typ="safe").load(
    Path(__file__).parents[2] / "docs" / "contracts" / "accounts-api.yaml"
)
PATHS = CONTRACT["paths"]
HELD = an_account(1, revision=2, website="https://www.acme.test/")
JSON = {"Content-Type": "application/json"}
TOKEN = "t"


@dataclass(frozen=True, kw_only=True)
class Case:
    status: int
    account: Account = field(default_factory=lambda: an_account(2))
    method: str = "PUT"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON | {"Idempotency-Key": "k"})
    body: str | None = None
    fault: Fault | None = None
    token: str = TOKEN
    search: Mapping[str, str] | None = None

    @property
    def path(self) -> str:
        return "/accounts/{id}" if self.search is None else "/accounts"


CASES = {
    "created": Case(status=201),
    "replaced": Case(account=an_account(1, revision=3), status=200),
    "the same, by another command": Case(account=HELD, status=200),
    "the same command again": Case(account=HELD, headers=JSON | {"Idempotency-Key": "held"}, status=201),
    "a lower revision": Case(account=an_account(1, revision=1), status=409),
    "the same revision, another account": Case(account=HELD.model_copy(update={"name": "x"}), status=409),
    "a key used for another body": Case(headers=JSON | {"Idempotency-Key": "held"}, status=422),
    "no key": Case(headers=JSON, status=400),
    "no token": Case(token="wrong", status=401),
    "no JSON type": Case(headers={"Idempotency-Key": "k"}, body="x", status=415),
    "no JSON": Case(body="{", status=422),
    "no account": Case(body='{"id": 7}', status=422),
    "another id than the path's": Case(body=an_account(3).model_dump_json(), status=422),
    "too large": Case(body=" " * (1024 * 1024 + 1), status=413),
    "busy": Case(fault=Fault.BUSY, status=429),
    "down": Case(fault=Fault.DOWN, status=503),
    "broken": Case(fault=Fault.BROKEN, status=500),
    "asked for": Case(method="GET", account=HELD, status=200),
    "asked for what is not held": Case(method="GET", status=404),
    "searched for": Case(method="GET", search={"orgId": ORG, "domain": "acme.test"}, status=200),
    "searched for with nothing": Case(method="GET", search={"orgId": ORG}, status=400),
    "searched for in no org": Case(method="GET", search={"domain": "acme.test"}, status=400),
    "searched for too many": Case(
        method="GET", search={"orgId": ORG, "nameKey": "acme", "limit": "201"}, status=400
    ),
    "searched without a token": Case(
        method="GET", search={"orgId": ORG, "nameKey": "acme"}, token="", status=401
    ),
    "asked without a token": Case(method="GET", account=HELD, token="", status=401),
}


async def _ask(url: str, case: Case) -> tuple[int, Mapping[str, str], bytes]:
    body = BytesIO((case.body or case.account.model_dump_json()).encode()) if case.method == "PUT" else None
    headers = {"Authorization": f"Bearer {case.token}", **case.headers}
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.request(
            case.method,
            url + case.path.format(id=case.account.id),
            params=case.search,
            data=body,
            headers=headers,
        ) as reply,
    ):
        return reply.status, reply.headers, await reply.read()


@pytest.mark.parametrize("name", CASES)
async def test_the_standin_answers_as_the_contract_says(name: str) -> None:
    case = CASES[name]
    server = AccountsStandIn(token=TOKEN, faults=ScriptedFaults([None, case.fault]))
    url = await server.start()
    await _ask(url, Case(account=HELD, headers=JSON | {"Idempotency-Key": "held"}, status=201))
    status, headers, body = await _ask(url, case)
    await server.stop()
    assert status == case.status
    documented = _resolved(PATHS[case.path][case.method.lower()]["responses"][str(status)])
    ((content_type, content),) = documented["content"].items()
    assert headers["Content-Type"].split(";")[0] == content_type
    for header, description in documented.get("headers", {}).items():
        assert header in headers or not _resolved(description).get("required")
    _check(json.loads(body), content["schema"])


def test_every_documented_status_is_tried_and_every_route_documented() -> None:
    tried = {(case.path, case.method, str(case.status)) for case in CASES.values()}
    assert tried == {
        (path, method.upper(), status)
        for path, operations in PATHS.items()
        for method in operations.keys() & {"get", "put"}
        for status in operations[method]["responses"]
    }
    routes = {(route.method, route.resource.canonical) for route in AccountsStandIn().app.router.routes()
              if route.resource is not None}  # fmt: skip
    assert routes - {("GET", "/stats")} == {
        (method.upper(), path)
        for path, operations in PATHS.items()
        for method in operations.keys() & {"get", "put"}
    }


def test_the_contracts_account_is_ours() -> None:
    model = Account.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    ours = {"Account": model, **model.pop("$defs")}
    published = {name: schema for name, schema in CONTRACT["components"]["schemas"].items() if name in ours}
    assert {name: _plain(schema) for name, schema in ours.items()} == {
        name: _plain(schema) for name, schema in published.items()
    }


def _plain(schema: Any) -> Any:
    """Reduce a schema to what it allows: no prose, `anyOf` with null written as a list of types."""
    if not isinstance(schema, dict):
        return schema
    properties = {name: _plain(part) for name, part in schema.get("properties", {}).items()}
    prose = {"description", "default", "title", "properties"}
    plain = {name: _plain(part) for name, part in schema.items() if name not in prose}
    if plain.get("additionalProperties") is False:
        del plain["additionalProperties"]
    if properties:
        plain["properties"] = properties
    if "anyOf" in plain:
        choices = [_plain(choice) for choice in plain.pop("anyOf")]
        types = [choice.pop("type", None) for choice in choices]
        plain |= {name: value for choice in choices for name, value in choice.items()}
        plain["type"] = [kind for kind in types if kind]
    return plain


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Any = CONTRACT
    for name in schema["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(found)


_TYPES = {"string": str, "integer": int, "object": dict, "array": list, "null": type(None)}


def _check(value: Any, schema: Mapping[str, Any]) -> None:
    """Hold a value against the few words of JSON Schema that the contract uses."""
    schema = _resolved(schema)
    if "anyOf" in schema:
        chosen = next(one for one in map(_resolved, schema["anyOf"])
                      if isinstance(value, _TYPES[one["type"]]))  # fmt: skip
        return _check(value, chosen)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, _TYPES[kind]) for kind in kinds), (value, schema)
    if isinstance(value, list):
        for part in value:
            _check(part, schema["items"])
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value)
        for name, part in value.items():
            below = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            assert below is not None, f"{name} is not documented"
            _check(part, below)
    return None
