"""Names of fields as the bitmaps of a ChangeEventHeader: `changedFields`, `nulledFields`, `diffFields`.

Hex, big-endian, whole bytes; bit n stands for field n of the record, the header itself being field 0. First
the fields of the event, as `0x…`; then for each compound field its components, as `{position}-0x…`. Source:
Change Data Capture Developer Guide, "Subscribe with Pub/Sub API".
"""

from collections.abc import Iterable, Mapping

__all__ = ["encode"]

Places = Mapping[str, tuple[int, int | None]]
"""Where fields stand, by their API names: the position, and that within a compound field for a component."""


def encode(names: Iterable[str], places: Places) -> list[str]:
    """Give the bitmaps of some fields. A field without a place is not told."""
    whole = 0
    nested: dict[int, int] = {}
    for position, component in (places[name] for name in names if name in places):
        if component is None:
            whole |= 1 << position
        else:
            nested[position] = nested.get(position, 0) | 1 << component
    top = [_hex(whole)] if whole else []
    return top + [f"{position}-{_hex(bits)}" for position, bits in sorted(nested.items())]


def _hex(bits: int) -> str:
    return f"0x{bits.to_bytes((bits.bit_length() + 7) // 8).hex().upper()}"
