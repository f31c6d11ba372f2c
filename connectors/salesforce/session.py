"""HTTP towards one org: time-outs, known hosts only, bounded replies, and a look at the API usage of each."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from connectors.salesforce.config import SalesforceConfig
from schemas.errors import RefusedError, UnavailableError

MAX_REPLY_BYTES = 64 * 1024 * 1024
_CHUNK = 64 * 1024
_USAGE = re.compile(r"\bapi-usage=(\d+)/(\d+)")
_CLIENT = "dealwire"
"""Stands in `changeOrigin` of what we write, so that we can tell our own changes."""


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """How many API calls the org has used of those it has in 24 hours, all integrations together."""

    used: int
    allowed: int


class OrgSession(requests.Session):
    """A `requests.Session` for one thread.

    Sends nothing to a host that the configuration does not name (`RefusedError`), follows no redirect, and
    gives up on a reply of more than 64 MiB (`UnavailableError`).
    """

    def __init__(
        self, config: SalesforceConfig, *, on_usage: Callable[[ApiUsage], None] = lambda _usage: None
    ) -> None:
        super().__init__()
        self._config = config
        self._on_usage = on_usage
        self.trust_env = False  # a .netrc would put its own Authorization in place of ours
        self.headers.update({
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Sforce-Call-Options": f"client={_CLIENT}",
        })  # fmt: skip
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=2))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a prepared request."""
        url = request.url or ""
        if not self._config.may_call(url):
            raise RefusedError(
                "a request to this host is not allowed",
                on=url.partition("?")[0],
                todo="If it is your org's, name it in allowed_hosts.",
            )
        if "X-PrettyPrint" in request.headers:
            request.headers["X-PrettyPrint"] = "0"
        options["allow_redirects"] = False
        options["stream"] = True
        if options.get("timeout") is None:
            options["timeout"] = (self._config.connect_timeout_seconds, self._config.timeout_seconds)
        response = super().send(request, **options)
        _read_bounded(response)
        usage = parse_usage(response.headers.get("Sforce-Limit-Info", ""))
        if usage is not None:
            self._on_usage(usage)
        return response


def parse_usage(header: str) -> ApiUsage | None:
    """Read `Sforce-Limit-Info` (REST API Developer Guide, "Limit Info Header")."""
    found = _USAGE.search(header)
    return None if found is None else ApiUsage(int(found[1]), int(found[2]))


def _read_bounded(response: requests.Response) -> None:
    content = bytearray()
    for chunk in response.iter_content(_CHUNK):
        content += chunk
        if len(content) > MAX_REPLY_BYTES:
            response.close()
            raise UnavailableError("the reply is larger than 64 MiB", on=str(response.url).partition("?")[0])
    # `requests` has no public way to hand in content that was read with a bound.
    response._content = bytes(content)  # noqa: SLF001
