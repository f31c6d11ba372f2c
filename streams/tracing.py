"""W3C trace context carried through Kafka headers.

Ids are computed, not drawn: a replayed input continues the same trace with the same span ids.
Source: W3C Trace Context, "traceparent header".
"""

import hashlib
import re

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def continued(given: str | None, record_id: str) -> str:
    """Give the input's traceparent if it is a valid one, else begin a trace named after its record."""
    if given is not None and _TRACEPARENT.fullmatch(given):
        return given
    digest = hashlib.sha256(record_id.encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01"


def child(traceparent: str, record_id: str) -> str:
    """Give the traceparent of an output: the same trace, a span of its own."""
    version, trace, _, flags = traceparent.split("-")
    span = hashlib.sha256(f"{trace}|{record_id}".encode()).hexdigest()[:16]
    return f"{version}-{trace}-{span}-{flags}"
