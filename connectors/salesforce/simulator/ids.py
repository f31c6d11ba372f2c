"""Mints record ids: three characters of the object, the org's pod, a number in base 62, three to check."""

from itertools import product

from schemas.ids import id18

__all__ = ["ORG_PREFIX", "IdMint", "to18"]

ORG_PREFIX = "00D"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(map("".join, product(_DIGITS, repeat=2)))
# The check characters of an id depend on its last pair only by which of the two are upper case.
_CASES = tuple((pair[0].isupper(), pair[1].isupper()) for pair in _PAIRS)

to18 = id18


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


class IdMint:
    """Gives ids in ascending order for each key prefix; the same seed gives the same ids."""

    def __init__(self, seed: int) -> None:
        # A stride that is no multiple of 62 moves both characters for neighbouring seeds.
        self._pod = _base62(5 * 62 + 41 + seed * 67, 2) + "00000"
        self._next: dict[str, int] = {}
        self._checks: dict[tuple[str, tuple[bool, bool]], str] = {}

    def mint(self, prefix: str) -> str:
        """Give the next 18-character id of the object with this key prefix."""
        number = self._next.get(prefix, 1)
        self._next[prefix] = number + 1
        high, low = divmod(number, len(_PAIRS))
        head = f"{prefix}{self._pod}{_base62(high, 3)}"
        key = (head, _CASES[low])
        check = self._checks.get(key)
        if check is None:
            check = self._checks[key] = id18(head + _PAIRS[low])[15:]
        return head + _PAIRS[low] + check
