"""Links to tasks: whose they are, until when, and that nobody else can make one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.task_links import (
    Link,
    form_token,
    is_form_token,
    mark,
    read,
    sign,
    speaks_of_link,
    with_links,
)
from schemas.errors import RefusedError

NOW = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
KEY, FORMER, OTHER = b"k" * 32, b"f" * 32, b"o" * 32
LINK = Link("task-1", "m@acme.example", NOW + timedelta(days=14))


@pytest.mark.parametrize("key", [KEY, FORMER])
def test_a_link_says_what_was_signed_also_by_the_former_key(key: bytes) -> None:
    assert read(sign(LINK, key), [KEY, FORMER], NOW) == LINK


def test_the_same_link_is_the_same_text_and_safe_in_a_url() -> None:
    text = sign(LINK, KEY)
    assert text == sign(LINK, KEY)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_it_ends() -> None:
    text = sign(LINK, KEY)
    assert read(text, [KEY], LINK.until - timedelta(seconds=1)) == LINK
    with pytest.raises(RefusedError, match="has ended"):
        read(text, [KEY], LINK.until)


def _others() -> list[str]:
    text = sign(LINK, KEY)
    payload, _, signature = text.partition(".")
    another = sign(Link("task-2", LINK.person, LINK.until), OTHER)
    return [
        "", ".", "x", payload, f"{payload}.", f".{signature}", text[:-1], text + "A", f"{text}.{signature}",
        f"{another.partition('.')[0]}.{signature}", another, f"{payload}.{form_token(payload, KEY)}",
        text.swapcase(), f"{payload}.\N{SNOWMAN}", "\x00", "A" * 5000,
    ]  # fmt: skip


@pytest.mark.parametrize("text", _others())
def test_what_was_not_signed_leads_nowhere(text: str) -> None:
    with pytest.raises(RefusedError, match="not one of ours"):
        read(text, [KEY, FORMER], NOW)


@given(st.text(max_size=200))
def test_nothing_that_is_typed_gets_past(text: str) -> None:
    with pytest.raises(RefusedError):
        read(text, [KEY], NOW)


def test_without_a_key_no_link_holds() -> None:
    with pytest.raises(RefusedError):
        read(sign(LINK, b""), [], NOW)


def test_a_form_belongs_to_the_page_of_one_link() -> None:
    text, another = sign(LINK, KEY), sign(Link("task-2", LINK.person, LINK.until), KEY)
    assert is_form_token(form_token(text, KEY), text, [KEY])
    assert is_form_token(form_token(text, FORMER), text, [KEY, FORMER])
    for token in ("", "x", "\N{SNOWMAN}", form_token(another, KEY), form_token(text, OTHER), text):
        assert not is_form_token(token, text, [KEY])


def test_marks_become_links_and_nothing_else_does() -> None:
    text = f"Look: {mark('task-1')}, or {mark('task-2')}. https://task.example/task-3"
    told = with_links(text, lambda task: f"<{task}>")
    assert told == "Look: <task-1>, or <task-2>. https://task.example/task-3"


@pytest.mark.parametrize(
    ("sources", "speaks"),
    [
        (("{{ task.link }}", None), True),
        (("plain", "<a href='{{task.link}}'>"), True),
        (("{{ task.title }} {{ task.linked }}", None), False),
        ((None,), False),
    ],
)
def test_whether_a_mail_speaks_of_the_link(sources: tuple[str | None, ...], speaks: bool) -> None:
    assert speaks_of_link(*sources) is speaks
