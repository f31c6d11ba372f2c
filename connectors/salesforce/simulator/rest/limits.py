"""What is left of the org's allocations. Source: REST API Developer Guide, "Limits"."""

from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context
from connectors.salesforce.simulator.rest.reply import Reply

__all__ = ["limits"]


def limits(context: Context, _request: Request) -> Reply:
    """Answer `GET limits`."""
    return Reply(context.org.limits.resource())
