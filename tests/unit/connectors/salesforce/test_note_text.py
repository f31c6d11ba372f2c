"""Notes carry nothing that a browser acts on, are bounded, and keep their words."""

import re

import pytest

from connectors.salesforce.note_text import MOST_BYTES, neutral, preview_is_cut
from tests.fixtures.effort import no_explosion


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call Kim at 10", "Call Kim at 10"),
        ("<p>Hello <b>there</b></p>", "Hello there"),
        ("one<br/>two<br>three", "one\ntwo\nthree"),
        ("R&amp;D &lt;3", "R&D <3"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("mail <kim@x.example>", "mail < kim@x.example>"),
        ("a<script>alert(1)</script>b", "a b"),
        ("a<SCRIPT >alert(1)</ScRiPt >b", "a b"),
        ("a<style>p{}</style>b", "a b"),
        ("a<!-- hidden -->b", "a b"),
        ("a<script>never closed", "a"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;ok", "ok"),
        ('<img src=x onerror="alert(1)">', ""),
        ("a\x00\x1b[2Jb", "a[2Jb"),
        ("line\r\nnext\rlast", "line\nnext\nlast"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("", ""),
        ("日本語 🎉", "日本語 🎉"),
    ],
)
def test_what_is_left(text: str, expected: str) -> None:
    assert neutral(text) == (expected, False)


@pytest.mark.parametrize(
    "text",
    [
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<<b>img src=x onerror=alert(1)>",
        "<b<b<b>>>",
        "&amp;lt;img src=x&amp;gt;<img\nsrc=x",
        "<svg/onload=alert(1)//",
        "<a href='x>y'>z",
        "<\x00script>alert(1)",
        "<\u202escript>",
    ],
)
def test_nothing_is_left_that_opens_a_tag(text: str) -> None:
    assert not re.search(r"<[a-zA-Z/!?]", neutral(text)[0])


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("x" * MOST_BYTES, False),
        ("x" * (MOST_BYTES + 1), True),
        ("é" * MOST_BYTES, True),
        ("🎉" * 10_000, True),
        ("<b>" * (MOST_BYTES * 2), True),
    ],
)
def test_a_long_note_is_cut_and_says_so(text: str, *, cut: bool) -> None:
    found, was_cut = neutral(text)
    assert len(found.encode()) <= MOST_BYTES
    assert was_cut is cut


@pytest.mark.parametrize("piece", ["<!--", "<script>", "<b", "<", "&lt;", "&", "<br ", "</script ", "\u202e"])
def test_hostile_notes_take_no_time(piece: str) -> None:
    with no_explosion():
        neutral(piece * (500_000 // len(piece)))


def test_a_preview_of_the_full_length_may_be_cut() -> None:
    assert preview_is_cut("x" * 255)
    assert not preview_is_cut("x" * 254)
