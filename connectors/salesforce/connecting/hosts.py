"""Where one logs in: production, a sandbox, or an org's own My Domain.

Source: Salesforce Help, "My Domain URL Formats", "OAuth Endpoints".
"""

import re

from connectors.salesforce.config import PRODUCTION_AUDIENCE, SANDBOX_AUDIENCE, is_internal
from schemas.errors import UsageError

__all__ = ["is_shared", "login_url"]

_NAME = re.compile(r"[a-z0-9-]{1,60}")
_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]*[a-z0-9])(:\d{1,5})?")
_SHARED = (PRODUCTION_AUDIENCE, SANDBOX_AUDIENCE)


def login_url(place: str, *, sandbox: bool = False) -> str:
    """Give the URL for what a person calls the org: nothing, a My Domain's name, a host, or a URL.

    `acme` is https://acme.my.salesforce.com, and `acme--dev` its sandbox `dev`. Raises `UsageError`.
    """
    place = place.strip().rstrip("/")
    if not place:
        return SANDBOX_AUDIENCE if sandbox else PRODUCTION_AUDIENCE
    if _NAME.fullmatch(place.lower()):
        kind = ".sandbox" if sandbox or "--" in place else ""
        return f"https://{place.lower()}{kind}.my.salesforce.com"
    found = _URL.fullmatch(place.lower() if "://" in place else f"https://{place.lower()}")
    if found is None:
        raise UsageError(
            f"{place!r:.100} is no place to log in", todo="Give a My Domain, as in: acme.my.salesforce.com"
        )
    scheme, host = found["scheme"], found["host"]
    if host.endswith(".lightning.force.com"):
        raise UsageError(
            f"{host} is what people's browsers show; programs log in elsewhere",
            todo=f"Try: --org {host.removesuffix('.lightning.force.com')}.my.salesforce.com",
        )
    if scheme != "https" and not is_internal(host):
        raise UsageError("credentials may leave this machine over https only", on=host)
    return found[0]


def is_shared(url: str) -> bool:
    """Whether this is the login host of all orgs, which knows no client credentials."""
    return url in _SHARED
