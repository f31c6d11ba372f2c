"""Answers of the Streaming API, read no further than memory allows."""

from collections.abc import Callable

import aiohttp

from connectors.http_rules import TooLargeError, read_whole

__all__ = ["LARGEST_ANSWER", "bounded"]

LARGEST_ANSWER = 16 * 1024 * 1024
"""In bytes, unpacked. Salesforce's own client has room for 10 MiB (`maxBufferSize` of its EMP connector), and
one event has 1 MB at most, so no answer of Salesforce's is larger. Not more generous than that, since a
hostile answer takes up to thirty times its size when it is read as JSON."""


def bounded(on_too_large: Callable[[], None]) -> type[aiohttp.ClientResponse]:
    """Give the class of answers for a session: one that is too large closes its connection, after a call.

    `read` then raises `TooLargeError`, which the library takes as it takes an answer that was cut.
    """

    class Bounded(aiohttp.ClientResponse):
        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await read_whole(self, most=LARGEST_ANSWER)
                except TooLargeError:
                    on_too_large()
                    raise
                finally:
                    if self._body is None:
                        self.close()
            return self._body

    return Bounded
