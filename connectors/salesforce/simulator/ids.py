"""Mints record ids: three characters of the object, the org's pod, a number in base 62, three to check."""

from schemas.ids import id18

__all__ = ["ORG_PREFIX", "IdMint", "base62", "to18"]

ORG_PREFIX = "00D"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WIDTH = 5

to18 = id18


def base62(number: int, width: int) -> str:
    """Write a number in base 62, in the order of ASCII, so that greater numbers sort later."""
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


class IdMint:
    """Gives ids in ascending order for each key prefix; the same seed gives the same ids."""

    def __init__(self, seed: int) -> None:
        # A stride that is no multiple of 62 moves both characters for neighbouring seeds.
        self._pod = base62(5 * 62 + 41 + seed * 67, 2) + "00000"
        self._next: dict[str, int] = {}

    def mint(self, prefix: str) -> str:
        """Give the next 18-character id of the object with this key prefix."""
        number = self._next.get(prefix, 1)
        self._next[prefix] = number + 1
        return id18(prefix + self._pod + base62(number, _WIDTH))
