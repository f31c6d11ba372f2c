"""Who calls: the three metadata headers that every call carries."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.ids import to18
from connectors.salesforce.simulator.pubsub.failures import PubSubError
from schemas.errors import UnreadableError

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["admit"]

_HEADERS = ("accesstoken", "instanceurl", "tenantid")


def admit(org: "Org", metadata: Mapping[str, str]) -> str:
    """Give the id of the user that calls. Raises `PubSubError`."""
    missing = [name for name in _HEADERS if not metadata.get(name)]
    if missing:
        raise PubSubError("service.auth.headers.invalid", f"The header {missing[0]} is missing or empty.")
    if not _is_this_org(org, metadata["tenantid"]):
        raise PubSubError("service.auth.headers.invalid", "The header tenantid is not this org's id.")
    if metadata["instanceurl"].rstrip("/") != org.instance_url:
        raise PubSubError("service.auth.headers.invalid", "The header instanceurl is not this org's URL.")
    session = org.sessions.lookup(metadata["accesstoken"])
    if session is None:
        raise PubSubError(
            "service.auth.error", "Authentication exception occurred. The session has expired or is invalid."
        )
    return session.user_id


def _is_this_org(org: "Org", tenant: str) -> bool:
    try:
        return to18(tenant) == org.org_id
    except UnreadableError:
        return False
