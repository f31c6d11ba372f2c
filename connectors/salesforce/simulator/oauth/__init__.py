"""How clients log in to the simulated org: `routes(org)` for the server, one file a grant or resource."""

from aiohttp import web

from connectors.salesforce.simulator.oauth import authorize, identity, soap, token, tokens
from connectors.salesforce.simulator.oauth.codes import Codes
from connectors.salesforce.simulator.org import Org

__all__ = ["routes"]


def routes(org: Org) -> list[web.RouteDef]:
    """Give the routes of the login host and of the identity service, which are one host here."""
    codes = Codes(org.clock)
    return [
        *authorize.routes(org, codes),
        *token.routes(org, codes),
        *tokens.routes(org),
        *identity.routes(org),
        *soap.routes(org),
    ]
