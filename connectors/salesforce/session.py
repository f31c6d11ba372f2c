"""The HTTP session below simple-salesforce: one host, bounded times and sizes, no redirects, usage read."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.usage import ApiUsage, usage_of
from schemas.errors import RefusedError, UnavailableError

__all__ = ["InstanceSession"]

_LARGEST_REPLY = 32 * 1024 * 1024
_CHUNK = 64 * 1024


class InstanceSession(requests.Session):
    """Carries a token to the origin of `instance_url` and nowhere else. For one thread at a time.

    simple-salesforce joins ids into URLs, so that an id that is a URL would take the token to that host;
    here such a request is refused. `retry_after` holds what the last answer asked for, in its own words.
    """

    def __init__(
        self, config: SalesforceConfig, instance_url: str, on_usage: Callable[[ApiUsage], None]
    ) -> None:
        super().__init__()
        # A .netrc found in the environment would put its own login over our token.
        self.trust_env = False
        self.retry_after = ""
        self._timeout = (config.connect_timeout_seconds, config.timeout_seconds)
        self._origin = _origin(instance_url)
        self._on_usage = on_usage
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and read the whole answer. Raises `RefusedError`, or `UnavailableError` for one too large."""
        url = request.url or ""
        parts = urlsplit(url)
        if _origin(url) != self._origin or parts.username is not None:
            raise RefusedError(
                f"a request to {parts.hostname} would take the token off its instance",
                on=self._origin,
                todo="Look for a record id that is a URL.",
            )
        request.headers["X-PrettyPrint"] = "0"
        kwargs |= {"timeout": self._timeout, "allow_redirects": False, "stream": True}
        deadline = time.monotonic() + self._timeout[1]
        response = super().send(request, **kwargs)
        self._read(response, deadline)
        self.retry_after = response.headers.get("Retry-After", "")
        if usage := usage_of(response.headers.get("Sforce-Limit-Info", "")):
            self._on_usage(usage)
        return response

    def _read(self, response: requests.Response, deadline: float) -> None:
        content = bytearray()
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if len(content) > _LARGEST_REPLY:
                response.close()
                raise UnavailableError(f"the answer has more than {_LARGEST_REPLY} bytes", on=self._origin)
            if time.monotonic() > deadline:
                response.close()
                raise UnavailableError(
                    f"the answer was not whole within {self._timeout[1]:g} s", on=self._origin
                )
        # What requests itself sets after it has read an answer that was not streamed.
        response._content = bytes(content)  # noqa: SLF001 - requests has no public way to bound a read


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
