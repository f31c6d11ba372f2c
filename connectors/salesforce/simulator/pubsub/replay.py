"""Replay ids on the wire: bytes that clients keep and give back, and have no business reading."""

__all__ = ["from_wire", "to_wire"]

_LENGTH = 8


def to_wire(replay_id: int) -> bytes:
    """Give the bytes of an id: eight, big-endian."""
    return replay_id.to_bytes(_LENGTH)


def from_wire(given: bytes) -> int | None:
    """Give the id of some bytes; None if no id ever had them."""
    return int.from_bytes(given) if len(given) == _LENGTH else None
