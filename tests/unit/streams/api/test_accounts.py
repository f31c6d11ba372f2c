"""Accounts over HTTP: pages, look-alikes, and two made one: possible or not, once, audited."""

from typing import Any

import httpx
import pytest

from processors.account_book import latest
from processors.merge_answers import Outcome
from schemas.access import Role
from schemas.errors import RefusedError, UnavailableError
from streams.api.services import Services
from tests.fixtures.accounts import ORG, an_account
from tests.fixtures.api import TOKENS, Audits, a_history, client, some_services
from tests.fixtures.memory_accounts import MemoryAccounts, Merger

ONE = an_account(1, name="One", website="acme.test", industry="Steel")
TWO = an_account(2, name="Two", company_name="Acme", website="www.acme.test")
OTHER = an_account(3, name="Other").model_copy(update={"org_id": "another"})
MERGED = an_account(4, name="Gone", merged_into=TWO.id)
COMMANDS = f"/v1/accounts/{ONE.key}/commands"
MERGE = {"command": "merge", "into": TWO.key, "reason": "the same customer"}
MARK = "EVILMARK"


class Desk:
    """The API with accounts, merges and audits that a test looks into."""

    def __init__(self, services: Services, accounts: MemoryAccounts, merger: Merger, audits: Audits) -> None:
        self.services, self.accounts, self.merger, self.audits = services, accounts, merger, audits

    async def get(self, path: str, **headers: str) -> httpx.Response:
        async with client(self.services, TOKENS[Role.VIEWER]) as asked:
            return await asked.get(path, headers=headers)

    async def post(self, body: Any, path: str = COMMANDS, **headers: str) -> httpx.Response:
        async with client(self.services, TOKENS[Role.OPERATOR]) as asked:
            return await asked.post(path, json=body, headers=headers)

    @property
    def audited(self) -> list[tuple[str, str, str]]:
        return [(each.action, each.on, each.outcome) for each in self.audits.kept]


@pytest.fixture
async def desk() -> Desk:
    accounts, merger, audits = MemoryAccounts(ONE, TWO, OTHER, MERGED), Merger(), Audits()
    services = some_services(await a_history(), accounts=accounts, merge=merger, audit=audits)
    return Desk(services, accounts, merger, audits)


async def test_pages_join_by_key(desk: Desk) -> None:
    seen, after = [], ""
    while after is not None:
        page = (await desk.get(f"/v1/accounts?limit=1&after={after}")).json()
        seen += [each["name"] for each in page["accounts"]]
        after = page["after"]
    assert seen == ["One", "Two", "Other"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("name=ACME", ["Two"]),
        ("name=o", ["One", "Two", "Other"]),
        (f"org={ORG}", ["One", "Two"]),
        ("merged=true", ["Gone"]),
        ("name=%25", []),
    ],
)
async def test_filters(desk: Desk, filters: str, names: list[str]) -> None:
    assert [each["name"] for each in (await desk.get(f"/v1/accounts?{filters}")).json()["accounts"]] == names


@pytest.mark.parametrize("name", [ONE.key, ONE.id])
async def test_one_whole_has_its_revision_as_tag(desk: Desk, name: str) -> None:
    answer = await desk.get(f"/v1/accounts/{name}")
    assert (answer.json()["website"], answer.headers["etag"]) == ("acme.test", '"1"')
    assert (await desk.get(f"/v1/accounts/{name}", **{"If-None-Match": '"1"'})).status_code == 304


async def test_look_alikes_page_by_page(desk: Desk) -> None:
    page = (await desk.get("/v1/account-duplicates")).json()
    ((group,), after) = page["groups"], page["after"]
    assert ([each["name"] for each in group["accounts"]], group["by"], group["score"], after) == (
        ["One", "Two"],
        ["domain"],
        0.95,
        None,
    )
    desk.accounts.held |= latest([an_account(5, website="b.test"), an_account(6, website="b.test")])
    first = (await desk.get("/v1/account-duplicates?limit=1")).json()
    second = (await desk.get(f"/v1/account-duplicates?limit=1&after={first['after']}")).json()
    assert (len(first["groups"]), len(second["groups"]), second["after"]) == (1, 1, None)
    assert first["groups"] != second["groups"]
    assert (await desk.get("/v1/account-duplicates?org=another")).json()["groups"] == []


@pytest.mark.parametrize(
    ("answer", "status", "outcome"), [(Outcome(done=True), 200, "done"), (None, 202, "under way")]
)
async def test_a_merge(desk: Desk, answer: Outcome | None, status: int, outcome: str) -> None:
    desk.merger.answer = answer
    said = await desk.post(MERGE)
    assert (said.status_code, said.json()["outcome"]) == (status, outcome)
    (heard,) = desk.merger.heard
    assert (heard.kind, heard.source_key, heard.target_key) == ("merge", ONE.key, TWO.key)
    assert (heard.actor, heard.reason, heard.id) == (
        "ann@x.example",
        "the same customer",
        said.json()["command_id"],
    )
    assert desk.audited == [("account.merge", ONE.key, "asked"), ("account.merge", ONE.key, outcome)]
    assert "same customer" not in "".join(each.model_dump_json() for each in desk.audits.kept)


async def test_a_merge_that_is_refused_where_it_is_carried_out(desk: Desk) -> None:
    desk.merger.answer = Outcome(done=False, reason="it was merged meanwhile")
    said = await desk.post(MERGE)
    assert (said.status_code, said.json()["detail"]) == (409, "it was merged meanwhile")
    assert desk.audited[-1][-1] == "refused"


async def test_a_dry_run_shows_what_stays_and_asks_for_nothing(desk: Desk) -> None:
    said = await desk.post({**MERGE, "dry_run": True})
    assert (said.json()["outcome"], said.json()["after"]["name"]) == ("would be", "Two")
    assert said.json()["after"]["industry"] == "Steel"
    assert (desk.merger.heard, desk.audited) == ([], [])


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        (ONE.key, {**MERGE, "into": OTHER.key}, 409),  # of another org
        (ONE.key, {**MERGE, "into": ONE.key}, 409),
        (ONE.key, {**MERGE, "into": MERGED.key}, 409),
        (ONE.key, {**MERGE, "into": MARK}, 409),
        (ONE.key, {"command": "merge"}, 422),
        (ONE.key, {"command": "split"}, 422),
        (ONE.key, {**MERGE, MARK: 1}, 422),
        ("nobody", MERGE, 404),
        (f"{MARK}'--", MERGE, 422),
    ],
)
async def test_what_cannot_be_is_not_asked_for(desk: Desk, name: str, body: Any, status: int) -> None:
    said = await desk.post(body, f"/v1/accounts/{name}/commands")
    assert said.status_code == status
    assert said.headers["content-type"] == "application/problem+json"
    assert MARK not in said.text
    assert desk.merger.heard == []


async def test_an_undoing_names_the_one_that_was_merged(desk: Desk) -> None:
    desk.merger.answer = Outcome(done=True)
    said = await desk.post({"command": "unmerge"}, f"/v1/accounts/{MERGED.id}/commands")
    assert said.status_code == 200
    assert (desk.merger.heard[0].kind, desk.merger.heard[0].source_key) == ("unmerge", MERGED.key)
    with_aliases = TWO.model_copy(update={"aliases": (MERGED.key,), "merged_into": "x"})
    desk.accounts.held[TWO.key] = with_aliases
    said = await desk.post({"command": "unmerge"}, f"/v1/accounts/{TWO.key}/commands")
    assert (said.status_code, MERGED.key in said.json()["detail"]) == (409, True)


async def test_the_same_key_is_the_same_command_even_after_it_was_done(desk: Desk) -> None:
    headers = {"Idempotency-Key": "once", "If-Match": '"1"'}
    await desk.post(MERGE, **headers)
    desk.accounts.held[ONE.key] = ONE.model_copy(update={"merged_into": TWO.id, "revision": 2})
    desk.merger.answer = Outcome(done=True)
    again = await desk.post(MERGE, **headers)
    assert again.status_code == 200
    first, second = desk.merger.heard
    assert first.id == second.id
    await desk.post(MERGE)
    assert desk.merger.heard[-1].id != first.id


@pytest.mark.parametrize(("match", "status"), [('"1"', 202), ('"2"', 412), ("*", 202)])
async def test_a_merge_of_what_was_seen(desk: Desk, match: str, status: int) -> None:
    said = await desk.post(MERGE, **{"If-Match": match})
    assert said.status_code == status
    assert len(desk.merger.heard) == (status == 202)


@pytest.mark.parametrize(
    ("error", "status"), [(UnavailableError("no", unknown_outcome=True), 503), (RefusedError("no"), 502)]
)
async def test_kafka_does_not_take_it(desk: Desk, error: Exception, status: int) -> None:
    desk.merger.answer = error
    assert (await desk.post(MERGE)).status_code == status
    assert desk.audited[-1][-1] == "failed"


async def test_nothing_is_merged_that_cannot_be_audited(desk: Desk) -> None:
    desk.audits.away_after = 0
    assert (await desk.post(MERGE)).status_code == 503
    assert desk.merger.heard == []
