"""Bodies that nobody means well with, sent to every route that takes one: refused, and nothing is done."""

import asyncio
import gzip
import json
import re
from collections.abc import Mapping

import pytest
from fastapi import Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import Message

from streams.api.app import make_app
from streams.api.bounded import bounded
from streams.api.guard import SAFE
from streams.api.problems import ProblemError
from tests.fixtures.api import Audits, Engine, a_history, client, some_services

MARK = "EVILMARK"
PLAIN = "application/json"
TAKING = sorted(
    (method, context.path or "")
    for context in iter_route_contexts(make_app(None).routes)
    if isinstance(context.original_route, APIRoute) and context.original_route.body_field is not None
    for method in (context.methods or set()) - SAFE
)
LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
ENTITIES = '<!DOCTYPE x [<!ENTITY a "EVILMARK"><!ENTITY b "&a;&a;">]><x>&b;</x>'
PARTS = '--x\r\nContent-Disposition: form-data; name="command"\r\n\r\napprove\r\n--x--\r\n'
JSON = '{"command": "approve", "reason": "EVILMARK"}'

BODIES: Mapping[str, tuple[bytes, str, set[int]]] = {
    "ten megabytes in a field": (b'{"reason": "' + b"x" * 10**7 + b'"}', PLAIN, {413}),
    "ten megabytes of nothing": (b" " * 10**7 + b"{}", PLAIN, {413}),
    "nested lists": (b"[" * 200_000 + b"]" * 200_000, PLAIN, {400, 422}),
    "nested objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, PLAIN, {400, 422}),
    "nested in a value": (b'{"values": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}", PLAIN, {400, 422}),
    "a hundred thousand fields": (
        json.dumps({f"{MARK}{number}": 0 for number in range(50_000)}).encode()[:900_000] + b'"x": 0}',
        PLAIN,
        {400, 422},
    ),
    "a number without end": (b'{"version": ' + b"9" * 500_000 + b"}", PLAIN, {400, 422}),
    "an exponent": (b'{"version": 1e999999}', PLAIN, {422}),
    "no number": (b'{"version": NaN, "limit": -Infinity}', PLAIN, {422}),
    "half a surrogate": (b'{"reason": "\\ud800", "command": "\\udfff"}', PLAIN, {400, 422}),
    "half a surrogate as a name": (b'{"\\ud800": 1, "values": {"\\ud800": 1}}', PLAIN, {400, 422}),
    "a name for the prototype": (b'{"__proto__": {"force": true}, "__class__": "x"}', PLAIN, {422}),
    "null": (b"null", PLAIN, {422}),
    "a string": (b'"EVILMARK"', PLAIN, {422}),
    "a list of good ones": (f"[{JSON}]".encode(), PLAIN, {422}),
    "two": (f"{JSON}{JSON}".encode(), PLAIN, {422}),
    "a comment": (b"// EVILMARK\n{}", PLAIN, {422}),
    "not utf-8": (b'{"reason": "\xff\xfe"}', PLAIN, {400, 422}),
    "packed": (gzip.compress(JSON.encode()), PLAIN, {400, 422}),
    "yaml": (LAUGHS.encode(), "application/yaml", {415, 422}),
    "yaml as json": (LAUGHS.encode(), PLAIN, {400, 422}),
    "xml": (ENTITIES.encode(), "text/xml", {415, 422}),
    "plain text": (JSON.encode(), "text/plain", {415, 422}),
    "a form": (b"command=approve&reason=EVILMARK", "application/x-www-form-urlencoded", {415, 422}),
    "parts": (PARTS.encode(), "multipart/form-data; boundary=x", {415, 422}),
    "parts without a boundary": (PARTS.encode(), "multipart/form-data", {415, 422}),
    "no type": (JSON.encode(), "", {415, 422}),
    "a type of nothing": (JSON.encode(), "/;;,=", {415, 422}),
}


@pytest.mark.parametrize("place", TAKING, ids=" ".join)
async def test_every_route_refuses_it_whole(place: tuple[str, str]) -> None:
    engine, audits = Engine(), Audits()
    services = some_services(await a_history(), commander=engine, audit=audits)
    path = re.sub(r"\{(\w)\w*\}", r"\g<1>1", place[1])  # r1 of the runs, t1 of the tasks
    async with client(services) as opened:
        for name, (content, kind, statuses) in BODIES.items():
            answer = await opened.request(
                place[0], path, content=content, headers={"Content-Type": kind} if kind else {}
            )
            assert answer.status_code in statuses, name
            assert answer.headers["content-type"] == "application/problem+json"
            assert MARK not in answer.text, name
            assert len(answer.content) < 10_000
    assert (engine.heard, audits.kept) == ([], [])


async def test_a_body_that_does_not_come_is_waited_for_no_more() -> None:
    pieces = [{"type": "http.request", "body": b'{"command": ', "more_body": True}]

    async def receive() -> Message:
        if pieces:
            return pieces.pop()
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "headers": []}
    with pytest.raises(ProblemError) as refused:
        await bounded(Request(scope, receive), within_s=0.01).body()
    assert refused.value.status_code == 408
