"""Who may do what: every route of the application against every role, by a table of the test's own."""

import hashlib
import re
from itertools import combinations
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr, ValidationError

from schemas.access import Role
from streams.api.app import make_app
from streams.api.config import TokenConfig
from streams.api.guard import SAFE, GuardedRoute
from streams.api.identity import Person, Tokens, Vouching
from streams.api.live import Audience
from streams.api.services import Services
from tests.fixtures.api import Audits, a_history, client, some_services

TABLE = """
GET   /live                            anybody
GET   /ready                           anybody
GET   /tasks/{link}                    anybody
POST  /tasks/{link}                    anybody
GET   /metrics                         viewer operator approver admin
GET   /v1/events                       viewer operator approver admin
GET   /v1/explanations/{about}         operator admin
GET   /v1/runs                         viewer operator approver admin
GET   /v1/runs/{run_id}                viewer operator approver admin
POST  /v1/runs/{run_id}/commands       operator admin
GET   /v1/tasks                        viewer operator approver admin
GET   /v1/tasks/{task_id}              viewer operator approver admin
POST  /v1/tasks/{task_id}/commands     approver admin
GET   /v1/workflows                    viewer operator approver admin
GET   /v1/workflows/{name}             viewer operator approver admin
POST  /v1/workflows/{name}/commands    admin
POST  /v1/definition-checks            operator admin
POST  /v1/trials                       operator admin
GET   /v1/trials/{trial_id}            operator admin
POST  /v1/trials/{trial_id}/stop       operator admin
GET   /v1/queues                       viewer operator approver admin
GET   /v1/queues/{name}                viewer operator approver admin
POST  /v1/absences                     operator admin
GET   /v1/audit                        admin
GET   /v1/accounts                     viewer operator approver admin
GET   /v1/accounts/{account}           viewer operator approver admin
POST  /v1/accounts/{account}/commands  operator admin
GET   /v1/account-duplicates           viewer operator approver admin
GET   /v1/dead-letters                 viewer operator approver admin
GET   /v1/dead-letters/{letter_id}     operator admin
POST  /v1/dead-letter-work             operator admin
GET   /v1/dead-letter-work/{work_id}   operator admin
POST  /v1/dead-letter-work/{work_id}/stop operator admin
"""
"""Who may use which route; a new route is a new line here. `anybody` needs no name."""

WHO = {(method, path): set(who) for method, path, *who in map(str.split, TABLE.strip().splitlines())}
OPEN = [place for place, who in WHO.items() if who == {"anybody"}]
GUARDED = [place for place in WHO if place not in OPEN]
SCOPES = [some for size in range(1, len(Role) + 1) for some in combinations(Role, size)]
"""Every choice of roles that a token can have."""


class FullHouse(Audience):
    """Nobody more may listen: an answer that ends, where the stream would not."""

    full = property(lambda _: True)


class WithoutRoles:
    """Vouches for everybody, and nobody may do anything: a known person whom no group gives a role."""

    async def whose(self, _credential: str) -> Person | None:
        return Person("ann@x.example", frozenset(), "oidc")


def token_of(scope: tuple[Role, ...]) -> str:
    return "-".join(scope)


def tokens() -> Tokens:
    made = {}
    for scope in SCOPES:
        digest = SecretStr(hashlib.sha256(token_of(scope).encode()).hexdigest())
        made[token_of(scope)] = TokenConfig(actor="ann@x.example", roles=scope, sha256=digest)
    return Tokens(made)


async def services(vouching: Vouching, audits: Audits | None = None) -> Services:
    return some_services(
        await a_history(), audience=FullHouse(), audit=audits or Audits(), vouching=(vouching,)
    )


async def ask(opened: httpx.AsyncClient, place: tuple[str, str], token: str | None) -> httpx.Response:
    headers = {"Idempotency-Key": str(uuid4())}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return await opened.request(place[0], re.sub(r"\{\w+\}", "x1", place[1]), headers=headers)


async def test_every_route_of_the_application_stands_in_the_table() -> None:
    contexts = list(iter_route_contexts(make_app(await services(tokens())).routes))
    assert all(isinstance(context.original_route, GuardedRoute) for context in contexts)
    assert {(method, context.path) for context in contexts for method in context.methods or ()} == WHO.keys()


@pytest.mark.parametrize("place", GUARDED, ids=" ".join)
async def test_a_token_may_what_one_of_its_roles_may(place: tuple[str, str]) -> None:
    audits = Audits()
    async with client(await services(tokens(), audits), None) as opened:
        for scope in SCOPES:
            audits.kept.clear()
            answer = await ask(opened, place, token_of(scope))
            if WHO[place] & set(scope):
                assert answer.status_code not in (401, 403)
                continue
            assert answer.status_code == 403
            assert answer.headers["content-type"] == "application/problem+json"
            # Who only looks changes nothing; whoever wants a change that they may not make is told of.
            told = [(each.outcome, each.vouched) for each in audits.kept]
            assert told == ([] if place[0] in SAFE else [("denied", f"token:{token_of(scope)}")])


@pytest.mark.parametrize("place", GUARDED, ids=" ".join)
async def test_who_is_known_but_has_no_role_may_nothing(place: tuple[str, str]) -> None:
    async with client(await services(WithoutRoles()), None) as opened:
        assert (await ask(opened, place, "any")).status_code == 403


@pytest.mark.parametrize("place", GUARDED, ids=" ".join)
async def test_a_stranger_may_nothing(place: tuple[str, str]) -> None:
    async with client(await services(tokens()), None) as opened:
        for token in (None, "", "stranger", "Admin", "admi"):
            answer = await ask(opened, place, token)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("place", OPEN, ids=" ".join)
async def test_what_is_open_needs_no_name_and_minds_none(place: tuple[str, str]) -> None:
    async with client(await services(tokens()), None) as opened:
        for token in (None, "stranger", "viewer"):
            reached = 404 if place[1] == "/tasks/{link}" else 200  # where a link that nobody signed leads to
            assert (await ask(opened, place, token)).status_code == reached


@pytest.mark.parametrize("roles", [(), ("root",), ("Admin",), ("admin ",), "admin", ("",), (None,)])
def test_a_token_has_roles_that_there_are(roles: object) -> None:
    given = {"actor": "ann@x.example", "roles": roles, "sha256": "0" * 64}
    with pytest.raises(ValidationError):
        TokenConfig.model_validate(given)


def test_a_token_that_is_given_no_role_may_only_look() -> None:
    assert TokenConfig.model_validate({"actor": "a@x.example", "sha256": "0" * 64}).roles == (Role.VIEWER,)
