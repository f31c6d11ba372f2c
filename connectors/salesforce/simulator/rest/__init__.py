"""The REST API of the simulated org: `routes(org)` for the server, one file a resource."""

from connectors.salesforce.simulator.rest.http import SERVER_OPTIONS, routes

__all__ = ["SERVER_OPTIONS", "routes"]
