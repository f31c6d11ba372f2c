"""Keeps personal data out of what is sent to a model: placeholders go, and the data is put back afterwards.

By rule, so it finds what has a form: mail addresses, links, bank accounts, cards and telephone numbers. Names
it does not find.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

__all__ = ["Private", "placeholders", "put_back"]

_GAP = r"[ ()./\u00a0-]{0,2}"
_DATE = r"(?!\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)|\d{4}-\d{2}-\d{2}(?!\d))"
_FORMS: Mapping[str, re.Pattern[str]] = {
    "LINK": re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)[^\s<>\"]{1,2000}", re.IGNORECASE),
    "EMAIL": re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    "IBAN": re.compile(r"\b[a-z]{2}\d{2}(?:[ -]?[a-z\d]{4}){2,7}(?:[ -]?[a-z\d]{1,4})?\b", re.IGNORECASE),
    "CARD": re.compile(
        r"(?<![\w+])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?!\w)"
    ),
    "PHONE": re.compile(
        rf"(?<![\w.,]){_DATE}(?:(?:\+|\(\+|00)\d(?:{_GAP}\d){{6,14}}|\(?0\d(?:{_GAP}\d){{5,12}}"
        rf"|\(?\d{{3}}\)?[ .-]{{1,2}}\d{{3}}[ .-]\d{{4}})(?![\w-])"
        rf"|(?<=\b(?:tel|fax|cel))\W{{1,3}}\d(?:{_GAP}\d){{4,14}}"
        rf"|(?<=\b(?:phone|mobil))e?\W{{1,3}}\d(?:{_GAP}\d){{4,14}}",
        re.IGNORECASE,
    ),
}
"""Each kind's form, in the order they are looked for."""

_PLACEHOLDER = re.compile(rf"\[((?:{'|'.join(_FORMS)})_\d{{1,6}})\]", re.IGNORECASE)


class Private:
    """The private data of one prompt. The same datum gets the same placeholder everywhere: `[EMAIL_1]`."""

    def __init__(self) -> None:
        self._placeholders: dict[tuple[str, str], str] = {}
        self._stands_for: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """Give the text with placeholders for private data; what only looks like one is no longer one."""
        text = _PLACEHOLDER.sub(r"(\1)", unicodedata.normalize("NFKC", text))
        for kind, form in _FORMS.items():
            text = form.sub(partial(self._placeholder, kind), text)
        return text

    @property
    def stands_for(self) -> Mapping[str, str]:
        """Placeholder to what it stands for."""
        return MappingProxyType(self._stands_for)

    def _placeholder(self, kind: str, found: re.Match[str]) -> str:
        value = found.group()
        same = "".join(char for char in value.casefold() if char.isalnum())
        made = self._placeholders.get((kind, same))
        if made is None:
            number = sum(known == kind for known, _ in self._placeholders) + 1
            made = self._placeholders[kind, same] = f"[{kind}_{number}]"
            self._stands_for[made] = value
        return made


def placeholders(text: str) -> frozenset[str]:
    """Give what has the form of a placeholder in a text."""
    return frozenset(found.group() for found in _PLACEHOLDER.finditer(text))


def put_back(text: str, stands_for: Mapping[str, str]) -> str:
    """Put the private data back. Raises `KeyError` for a placeholder that stands for nothing."""
    return _PLACEHOLDER.sub(lambda found: stands_for[found.group()], text)
