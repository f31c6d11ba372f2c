"""What is said over HTTP: answers, refusals, repeats, what was seen, and the audit of all of it."""

from typing import Any

import httpx
import pytest

from processors.commanding import Answer, Outcome
from schemas.access import Role
from schemas.errors import RefusedError, UnavailableError
from streams.api.services import Services
from tests.fixtures.api import TOKENS, Audits, Engine, MemoryBoard, a_history, a_task, client, some_services
from tests.fixtures.run_events import START, an_event

APPROVE = {"command": "approve", "reason": "fine"}
TASK, RUN = "/v1/tasks/t1/commands", "/v1/runs/r1/commands"
DONE = Answer("", Outcome.DONE, event=an_event(4, "task.answered"))
MARK = "EVILMARK"


class Desk:
    """The API with an engine and audits that a test looks into."""

    def __init__(self, services: Services, engine: Engine, audits: Audits) -> None:
        self.services, self.engine, self.audits = services, engine, audits

    async def post(
        self, path: str, body: Any = None, role: Role = Role.ADMIN, *, key: str = "", match: str = ""
    ) -> httpx.Response:
        sent = {"Idempotency-Key": key, "If-Match": match}
        named = {name: value for name, value in sent.items() if value}
        async with client(self.services, TOKENS[role]) as asked:
            return await asked.post(path, json=APPROVE if body is None else body, headers=named)

    @property
    def audited(self) -> list[tuple[str, str, str]]:
        return [(each.action, each.on, each.outcome) for each in self.audits.kept]


@pytest.fixture
async def desk() -> Desk:
    engine, audits = Engine(), Audits()
    board = MemoryBoard(a_task(1), a_task(2, revision=7))
    services = some_services(await a_history(), commander=engine, audit=audits, board=board)
    return Desk(services, engine, audits)


async def test_an_answer_within_time(desk: Desk) -> None:
    desk.engine.answer = DONE
    answer = await desk.post(TASK)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "done")
    assert answer.json()["event"]["kind"] == "task.answered"
    (heard,) = desk.engine.heard
    assert (heard.command, heard.task_id, heard.run_id, heard.reason) == ("approve", "t1", "r1", "fine")
    assert (heard.actor, heard.force, heard.id) == ("ann@x.example", False, answer.json()["command_id"])
    assert desk.audited == [("task.approve", "t1", "asked"), ("task.approve", "t1", "done")]
    asked = desk.audits.kept[0]
    assert (asked.actor, asked.vouched, asked.command_id) == ("ann@x.example", "token:admin", heard.id)
    assert asked.request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "to", "values"),
    [
        (
            {"command": "reassign", "to": "bob@x.example.com", "name": "Bob"},
            ("bob@x.example.com",),
            {"name": "Bob"},
        ),
        ({"command": "reassign", "to": "bob@x.example.com", "steps": {"a": "b"}}, ("bob@x.example.com",), {}),
        ({"command": "reassign"}, (), {}),  # which the engine refuses
        ({"command": "migrate", "version": 2, "steps": {"a": "b"}, "name": "x"}, (), {"a": "b"}),
    ],
)
async def test_what_is_said_beside_a_command_reaches_the_engine(
    desk: Desk, body: dict[str, Any], to: tuple[str, ...], values: dict[str, str]
) -> None:
    assert (await desk.post(RUN, body, Role.OPERATOR)).status_code == 202
    (heard,) = desk.engine.heard
    assert (heard.command, heard.to, heard.values) == (body["command"], to, values)


async def test_no_answer_yet(desk: Desk) -> None:
    answer = await desk.post(RUN, {"command": "retry"})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "under way")
    assert answer.json()["command_id"] == desk.engine.heard[0].id
    assert desk.audited == [("run.retry", "r1", "asked"), ("run.retry", "r1", "under way")]


async def test_a_refusal_with_its_reason(desk: Desk) -> None:
    desk.engine.answer = Answer("", Outcome.REFUSED, "it expired at its deadline")
    answer = await desk.post(TASK)
    assert (answer.status_code, answer.json()["detail"]) == (409, "it expired at its deadline")
    assert answer.headers["content-type"] == "application/problem+json"
    assert desk.audited[-1] == ("task.approve", "t1", "refused")


@pytest.mark.parametrize(
    ("error", "status", "outcome"),
    [
        (UnavailableError("no", unknown_outcome=True), 503, "failed"),
        (RefusedError("too large"), 413, "refused"),
    ],
)
async def test_kafka_does_not_take_it(desk: Desk, error: Exception, status: int, outcome: str) -> None:
    desk.engine.answer = error
    assert (await desk.post(TASK)).status_code == status
    assert desk.audited[-1][-1] == outcome


async def test_nothing_is_done_that_cannot_be_audited(desk: Desk) -> None:
    desk.audits.away_after = 0
    assert (await desk.post(TASK)).status_code == 503
    assert desk.engine.heard == []


async def test_what_was_done_is_said_even_if_its_end_cannot_be_audited(desk: Desk) -> None:
    desk.audits.away_after, desk.engine.answer = 1, DONE
    assert (await desk.post(TASK)).status_code == 200


async def test_the_same_key_is_the_same_command_of_the_same_person_about_the_same(desk: Desk) -> None:
    for path, body, role in (
        (TASK, APPROVE, Role.ADMIN),
        (TASK, {**APPROVE, "reason": "other"}, Role.ADMIN),
        (TASK, {"command": "reject", "reason": "no"}, Role.ADMIN),
        ("/v1/tasks/t2/commands", APPROVE, Role.ADMIN),
        (RUN, {"command": "retry"}, Role.ADMIN),
    ):
        assert (await desk.post(path, body, role, key="k-1")).status_code == 202
    ids = [each.id for each in desk.engine.heard]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


async def test_without_a_key_each_request_is_a_command(desk: Desk) -> None:
    for _ in range(2):
        await desk.post(TASK)
    assert len({each.id for each in desk.engine.heard}) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "caf\xe9"])
async def test_what_is_no_key(desk: Desk, key: str) -> None:
    async with client(desk.services) as asked:
        headers = [(b"Idempotency-Key", key.encode("latin-1"))]
        assert (await asked.post(TASK, json=APPROVE, headers=headers)).status_code == 422
    assert desk.engine.heard == []


@pytest.mark.parametrize(
    ("match", "status"),
    [('"7"', 202), ('"6"', 412), ('W/"7"', 412), ("*", 202), ('"1", "7"', 202), ("7", 412)],
)
async def test_an_answer_to_what_was_seen(desk: Desk, match: str, status: int) -> None:
    answer = await desk.post("/v1/tasks/t2/commands", match=match)
    assert answer.status_code == status
    assert len(desk.engine.heard) == (status == 202)
    if status == 412:
        assert answer.headers["etag"] == '"7"'


async def test_a_repeat_of_what_changed_the_task_is_answered_again(desk: Desk) -> None:
    desk.engine.answer = DONE
    first = (await desk.post(TASK, key="k", match='"1"')).json()
    event = an_event(4, "task.answered", caused_by=first["command_id"])
    await desk.services.history.append([event], [], at=START)
    desk.services.board.tasks["t1"] = a_task(1, revision=2, status="done")  # type: ignore[index]  # the twin's is a dict
    again = await desk.post(TASK, key="k", match='"1"')
    assert (again.status_code, again.json()["command_id"]) == (200, first["command_id"])
    assert (await desk.post(TASK, key="other", match='"1"')).status_code == 412
    assert len(desk.engine.heard) == 1


@pytest.mark.parametrize(
    ("path", "role", "action"),
    [
        (TASK, Role.VIEWER, "task.command"),
        (TASK, Role.OPERATOR, "task.command"),
        (RUN, Role.APPROVER, "run.command"),
    ],
)
async def test_what_a_role_does_not_allow_is_audited(desk: Desk, path: str, role: Role, action: str) -> None:
    assert (await desk.post(path, role=role)).status_code == 403
    assert desk.audited == [(action, path.split("/")[3], "denied")]
    assert desk.engine.heard == []


@pytest.mark.parametrize(
    ("path", "body", "role", "status"),
    [
        (TASK, {**APPROVE, "force": True}, Role.APPROVER, 403),
        (RUN, {"command": "rerun", "step": "one", "force": True}, Role.OPERATOR, 403),
        (TASK, {**APPROVE, "force": True}, Role.ADMIN, 202),
    ],
)
async def test_force_is_for_an_admin(
    desk: Desk, path: str, body: dict[str, Any], role: Role, status: int
) -> None:
    assert (await desk.post(path, body, role)).status_code == status
    assert [each.force for each in desk.engine.heard] == ([True] if status == 202 else [])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (TASK, {}),
        (TASK, []),
        (TASK, "approve"),
        (TASK, {"command": "retry"}),
        (TASK, {"command": MARK}),
        (TASK, {**APPROVE, MARK: 1}),
        (TASK, {**APPROVE, "actor": MARK}),
        (TASK, {**APPROVE, "reason": MARK * 500}),
        (TASK, {**APPROVE, "reason": "\0"}),
        (TASK, {"command": "fill", "values": {MARK: 1}}),
        (TASK, {"command": "fill", "values": {MARK * 20: "x"}}),
        (TASK, {"command": "fill", "values": {str(number): "x" for number in range(201)}}),
        (TASK, {"command": "fill", "values": {"x": {MARK: {}}}}),
        (TASK, {"command": "draft", "values": {"x": f"{MARK}\0"}}),
        (TASK, {"command": "fill", "values": {f"{MARK}\0": "x"}}),
        (TASK, {"command": "fill", "values": {"x": "\x1b[2J"}}),
        (RUN, {"command": "migrate", "version": 2, "steps": {"one": "\x7f"}}),
        (TASK, {"command": "delegate", "to": [MARK]}),
        (RUN, {"command": "approve"}),
        (RUN, {"command": "reassign", "to": MARK}),
        (RUN, {"command": "reassign", "to": ["bob@x.example", "cy@x.example"]}),
        (RUN, {"command": "reassign", "to": "bob@x.example", "name": "\0"}),
        (RUN, {"command": "migrate", "version": -1}),
        (RUN, {"command": "migrate", "version": 10**30}),
        (RUN, {"command": "retry", "force": MARK}),
    ],
)
async def test_a_bad_command_is_refused_unsaid_and_unrepeated(desk: Desk, path: str, body: Any) -> None:
    answer = await desk.post(path, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["faults"]
    assert MARK not in answer.text
    assert (desk.engine.heard, desk.audited) == ([], [])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"command": "approve"}', "text/plain"),
        (b"command=approve", "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_no_json(desk: Desk, content: bytes, kind: str) -> None:
    async with client(desk.services) as asked:
        answer = await asked.post(TASK, content=content, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert desk.engine.heard == []


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_has_a_size(desk: Desk, told: bool) -> None:
    whole = b'{"command": "approve", "reason": "' + b"x" * 1024 * 1024 + b'"}'

    async def pieces() -> Any:
        for start in range(0, len(whole), 65_536):
            yield whole[start : start + 65_536]

    async with client(desk.services) as asked:
        headers = {"Content-Type": "application/json"}
        answer = await asked.post(TASK, content=whole if told else pieces(), headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert desk.engine.heard == []


async def test_no_audit_holds_what_was_written(desk: Desk) -> None:
    desk.engine.answer = Answer("", Outcome.REFUSED, f"{MARK} is no choice")
    body = {"command": "fill", "values": {"note": MARK}, "reason": MARK, "to": [f"{MARK}@x.example.com"]}
    await desk.post(TASK, body)
    assert len(desk.audits.kept) == 2
    assert MARK not in "".join(each.model_dump_json() for each in desk.audits.kept)
