"""Listens for gRPC, plain or with TLS."""

import grpc

from connectors.salesforce.pubsub_api.pubsub_api_pb2_grpc import add_PubSubServicer_to_server
from connectors.salesforce.simulator.pubsub.service import PubSubService
from connectors.salesforce.simulator.pubsub.servicer import Servicer
from connectors.salesforce.simulator.pubsub.tls import Certificate

__all__ = ["PubSubServer"]

_STREAMS_PER_CHANNEL = 1_000
_OPTIONS = (
    ("grpc.max_concurrent_streams", _STREAMS_PER_CHANNEL),
    # Two orgs on one port would take turns at answering.
    ("grpc.so_reuseport", 0),
)


class PubSubServer:
    """Serves the Pub/Sub API of an org."""

    def __init__(self, service: PubSubService) -> None:
        self.service = service
        self._servicer = Servicer(service)
        self._server: grpc.aio.Server | None = None
        self._listening: tuple[str, int, Certificate | None] = ("127.0.0.1", 0, None)

    async def start(self, host: str, port: int, certificate: Certificate | None = None) -> int:
        """Listen, with TLS if there is a certificate, and give the port."""
        self._server = grpc.aio.server(options=_OPTIONS)
        add_PubSubServicer_to_server(self._servicer, self._server)
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if certificate is None:
            bound = self._server.add_insecure_port(where)
        else:
            pair = (certificate.private_key_pem, certificate.chain_pem)
            bound = self._server.add_secure_port(where, grpc.ssl_server_credentials([pair]))
        await self._server.start()
        self._listening = (host, bound, certificate)
        return bound

    async def restart(self) -> int:
        """Go away, with a GOAWAY on every connection, and come back on the same port."""
        await self.stop()
        return await self.start(*self._listening)

    def wake(self) -> None:
        """Have every stream look again."""
        self._servicer.wake()

    async def stop(self) -> None:
        """End every stream and stop listening."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None
