"""Makes text that strangers wrote safe to carry: nothing a browser would act on, nothing unseen."""

import html
import re

__all__ = ["one_line", "plain"]

# Each of these goes over the text once, whatever stands in it: what is not closed reaches to the end.
_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:[\s/][^<>]*)?>")
_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """Give a text without markup.

    Tags go, with what stands between those of scripts; a `<` that is still before a letter is set apart, so
    that no tag can come of the rest. Control characters go too, those that turn the direction of writing, and
    those that no reader sees.
    """
    text = html.unescape(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _UNSEEN.sub(" ", text)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    return _OPENING.sub("< ", _CONTROL.sub("", text)).strip()


def one_line(text: str, most: int) -> str:
    """Give a text without markup on one line, cut between words at `most` characters."""
    line = " ".join(plain(text[: most * 8]).split())
    if len(line) <= most:
        return line
    return (
        line[: most - 1].rpartition(" ")[0].rstrip(" ,;:") + "…" if " " in line[: most - 1] else line[:most]
    )
