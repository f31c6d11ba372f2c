"""Who gets in: what counts as a name, and what does not. `test_role_matrix` says who may do what."""

import json
import re

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from schemas.access import Role
from schemas.errors import BrokenInvariantError, UnavailableError
from streams.api.app import RESOURCES, make_app
from streams.api.description import openapi
from streams.api.guard import SAFE, GuardedRoute
from streams.api.identity import Person
from streams.api.roles import ALLOWED, OPEN
from tests.fixtures.api import TOKENS, a_history, client, some_services

ROUTES = [
    (method, route.path)
    for router in RESOURCES
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]

PAGES = {("GET", "/tasks/{link}"), ("POST", "/tasks/{link}")}
"""For people in a browser; a program uses `/v1/tasks`."""


def test_the_table_holds_the_routes_and_no_others() -> None:
    assert sorted(ROUTES) == sorted({*ALLOWED, *OPEN})


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKENS[Role.ADMIN]}",
        TOKENS[Role.ADMIN],
        f"Bearer {TOKENS[Role.ADMIN]}x",
        f"Bearer {TOKENS[Role.ADMIN][:-1]}",
        "Bearer " + "x" * 20_000,
        "Bearer \xe9",
    ],
)
async def test_what_is_no_name(header: str) -> None:
    async with client(some_services(await a_history()), None) as asked:
        answer = await asked.get("/v1/runs", headers=[(b"Authorization", header.encode("latin-1"))])
    assert answer.status_code == 401
    assert TOKENS[Role.ADMIN] not in answer.text


async def test_a_name_is_asked_for_before_the_request_is_read() -> None:
    async with client(some_services(await a_history()), None) as asked:
        assert (await asked.get("/v1/runs?limit=no&nonsense=1")).status_code == 401


async def test_who_cannot_be_looked_up_is_not_refused_but_put_off() -> None:
    class Silent:
        async def whose(self, _credential: str) -> Person | None:
            raise UnavailableError("the issuer does not answer")

    services = some_services(await a_history(), vouching=(Silent(),))
    async with client(services) as asked:
        answer = await asked.get("/v1/runs")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_a_route_without_a_row_cannot_be_made() -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(BrokenInvariantError, match="/v1/secret"):
        router.add_api_route("/v1/secret", lambda: None)


def test_the_document_says_who_may_do_what_and_how_it_fails() -> None:
    document = openapi(make_app(None))
    found = {
        (method.upper(), path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert found.keys() == {*ALLOWED, *OPEN} - PAGES
    for place, operation in found.items():
        assert operation.get("x-roles") == (sorted(ALLOWED[place]) if place in ALLOWED else None)
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]
        headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
        assert ("Idempotency-Key" in headers) is (place[0] not in SAFE)
    text = json.dumps(document)
    names = set(re.findall(r'"\$ref": "([^"]+)"', text))
    assert names <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
