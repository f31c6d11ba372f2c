"""Makes the text of a note safe to carry: bounded, and without anything a browser would act on. Pure."""

import html
import re

__all__ = ["MOST_BYTES", "neutral", "preview_is_cut"]

MOST_BYTES = 32 * 1024
_PREVIEW_CHARACTERS = 255

# Each of these goes over the text once, whatever stands in it: what is not closed reaches to the end.
_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:[\s/][^<>]*)?>")
_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def neutral(text: str) -> tuple[str, bool]:
    """Give a note's text, and whether it was cut at 32 KiB.

    Tags go, with what stands between those of scripts; a `<` that is still before a letter is set apart, so
    that no tag can come of the rest. Control characters go too, and those that turn the direction of writing.
    """
    # Markup may be longer than what is left of it; beyond this it is not looked at.
    long = len(text) > MOST_BYTES * 4
    text = text[: MOST_BYTES * 4].replace("\r\n", "\n").replace("\r", "\n")
    text = html.unescape(text)
    text = _UNSEEN.sub(" ", text)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = _OPENING.sub("< ", _CONTROL.sub("", text)).strip()
    encoded = text.encode()
    if len(encoded) <= MOST_BYTES:
        return text, long
    return encoded[:MOST_BYTES].decode(errors="ignore"), True


def preview_is_cut(preview: str) -> bool:
    """Whether a `TextPreview` may be only the start: Salesforce gives 255 characters of it."""
    return len(preview) >= _PREVIEW_CHARACTERS
