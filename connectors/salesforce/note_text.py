"""Makes the text of a note safe to carry: bounded, and without anything a browser would act on. Pure."""

from schemas.plain_text import plain

__all__ = ["MOST_BYTES", "neutral", "preview_is_cut"]

MOST_BYTES = 32 * 1024
_PREVIEW_CHARACTERS = 255


def neutral(text: str) -> tuple[str, bool]:
    """Give a note's text without markup (`schemas.plain_text`), and whether it was cut at 32 KiB."""
    # Markup may be longer than what is left of it; beyond this it is not looked at.
    long = len(text) > MOST_BYTES * 4
    text = plain(text[: MOST_BYTES * 4])
    encoded = text.encode()
    if len(encoded) <= MOST_BYTES:
        return text, long
    return encoded[:MOST_BYTES].decode(errors="ignore"), True


def preview_is_cut(preview: str) -> bool:
    """Whether a `TextPreview` may be only the start: Salesforce gives 255 characters of it."""
    return len(preview) >= _PREVIEW_CHARACTERS
