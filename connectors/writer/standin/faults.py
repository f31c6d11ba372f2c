"""Which failure a call meets, in the order of a script."""

from enum import StrEnum

__all__ = ["Fault"]


class Fault(StrEnum):
    """One failure of one call."""

    SLOW = "slow"
    """No answer until the client gives up."""

    BUSY = "busy"
    """429 with `Retry-After: 60`."""

    BROKEN = "broken"
    """500."""

    REFUSED = "refused"
    """401 with the key's end in it, as some endpoints have it."""

    MOVED = "moved"
    """A redirect to another host."""

    CUT = "cut"
    """The connection ends in the middle of the answer."""

    GARBAGE = "garbage"
    """200, and a body that is no JSON."""

    PROSE = "prose"
    """An answer that is not in the form that was asked for."""

    BROKEN_OFF = "broken_off"
    """An answer that ends at the most tokens."""

    INJECTED = "injected"
    """An answer as if a note had taken the model over."""

    OVERSIZED = "oversized"
    """A reply of 8 MiB."""
