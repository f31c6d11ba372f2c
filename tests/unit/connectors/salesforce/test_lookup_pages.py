"""Pages are read to their end, and never to nowhere."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from connectors.salesforce.auth import TokenManager
from connectors.salesforce.lookup_pages import read_on
from connectors.salesforce.rest import RestClient
from schemas.errors import UnavailableError
from tests.fixtures.salesforce_client import a_config

Answer = Callable[[str], Any]


class _Rest(RestClient):
    """Answers each part of a composite call with what a function makes of its URL."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(a_config(), TokenManager(a_config()))
        self.answer = answer
        self.asked: list[list[str]] = []

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        repeatable: bool | None = None,
    ) -> Any:
        assert (method, path, params, repeatable) == ("POST", "composite", None, True)
        urls = [part["url"] for part in json["compositeRequest"]]
        self.asked.append(urls)
        return {"compositeResponse": [{"httpStatusCode": 200, "body": self.answer(url)} for url in urls]}


def after(number: int) -> str:
    return f"/services/data/v66.0/query/01g5g00000ExampleAAA-{number}"


def page(*records: dict[str, Any], goes_on: str | None = None) -> dict[str, Any]:
    return {"records": list(records), "done": goes_on is None, "nextRecordsUrl": goes_on}


async def test_a_whole_answer_needs_no_call() -> None:
    rest = _Rest(lambda _: page())
    await read_on(rest, page({"Id": "1", "Notes": None, "Tasks": page({"Id": "2"})}))
    assert rest.asked == []


async def test_pages_follow_each_other() -> None:
    pages = {after(1): page({"Id": "2"}, goes_on=after(2)), after(2): page({"Id": "3"})}
    first = page({"Id": "1"}, goes_on=after(1))
    await read_on(_Rest(pages.__getitem__), first)
    assert [each["Id"] for each in first["records"]] == ["1", "2", "3"]


async def test_five_lists_are_read_in_one_call() -> None:
    lists = {f"L{number}": page({"Id": "0"}, goes_on=after(number)) for number in range(7)}
    rest = _Rest(lambda url: page({"Id": url}))
    await read_on(rest, page({"Id": "1", **lists}))
    assert [len(each) for each in rest.asked] == [5, 2]
    assert [each["records"][1]["Id"] for each in lists.values()] == [after(number) for number in range(7)]


async def test_lists_of_deals_on_later_pages_are_read_too() -> None:
    inner = page({"Id": "a"}, goes_on=after(9))
    pages = {after(1): page({"Id": "2", "Tasks": inner}), after(9): page({"Id": "b"})}
    await read_on(_Rest(pages.__getitem__), page({"Id": "1"}, goes_on=after(1)))
    assert [each["Id"] for each in inner["records"]] == ["a", "b"]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        5,
        "https://evil.example/query/01g5g00000ExampleAAA-1",
        "/services/data/v66.0/query/../sobjects/User/005",
        "/services/data/v66.0/sobjects/User",
        after(1) + "\n",
        after(1) + "?q=SELECT",
    ],
)
async def test_a_next_page_is_a_place_in_a_query(url: object) -> None:
    with pytest.raises(UnavailableError):
        await read_on(_Rest(lambda _: page()), {"records": [], "done": False, "nextRecordsUrl": url})


async def test_an_answer_without_an_end_is_given_up() -> None:
    rest = _Rest(lambda url: page({"Id": "again"}, goes_on=url))
    with pytest.raises(UnavailableError, match="no end"):
        await read_on(rest, page({"Id": "1"}, goes_on=after(1)))
    assert len(rest.asked) <= 100


@pytest.mark.parametrize("body", [None, [], {}, {"records": None}, {"records": [], "done": False}, "text"])
async def test_a_page_that_is_none(body: object) -> None:
    with pytest.raises(UnavailableError):
        await read_on(_Rest(lambda _: body), page({"Id": "1"}, goes_on=after(1)))
