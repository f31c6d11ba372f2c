"""What our HTTP clients keep to: bounded replies, known authorities, the server's wish that we wait."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

import aiohttp

from schemas.errors import ConfigurationError

__all__ = ["TooLargeError", "is_loopback", "read_whole", "retry_after", "tls"]


class TooLargeError(aiohttp.ClientPayloadError):
    """A reply has more bytes than the reader allows."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def tls(ca_file: str | None, *, setting: str) -> ssl.SSLContext | bool:
    """Give what aiohttp takes as `ssl`. Raises `ConfigurationError` for authorities that cannot be read."""
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigurationError(
            f"the certificate authorities cannot be read: {error}", on=f"{setting} {ca_file}"
        ) from error


async def read_whole(response: aiohttp.ClientResponse, *, most: int) -> bytes:
    """Read a reply's body. Raises `TooLargeError` as soon as it has more than `most` bytes."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > most:
            raise TooLargeError("the reply is too large")
    return bytes(content)


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read `Retry-After`: seconds, or an HTTP date (RFC 9110 10.2.3); None where it is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**6))
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(date.replace(tzinfo=date.tzinfo or UTC) - now, timedelta(0))
