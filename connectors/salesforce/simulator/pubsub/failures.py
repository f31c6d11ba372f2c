"""What the Pub/Sub API refuses: a gRPC status, and an `error-code` in the trailers that clients act on.

Source of the codes: Pub/Sub API guide, "Handle Errors". Which status goes with a code is only partly
published; the rest is our choice, which clients should not lean on.
"""

from collections.abc import Mapping
from typing import Final

from schemas.errors import RefusedError

__all__ = ["PREFIX", "STATUSES", "PubSubError"]

PREFIX: Final = "sfdc.platform.eventbus.grpc."

STATUSES: Final[Mapping[str, str]] = {
    "service.unavailable": "UNAVAILABLE",
    "service.auth.error": "UNAUTHENTICATED",
    "service.auth.headers.invalid": "UNAUTHENTICATED",
    "service.auth.refresh.invalid": "UNAUTHENTICATED",
    "service.protection.triggered": "RESOURCE_EXHAUSTED",
    "service.protection.stream.limit.triggered": "RESOURCE_EXHAUSTED",
    "service.tenant.license": "PERMISSION_DENIED",
    "concurrent.client.limit.exceeded": "RESOURCE_EXHAUSTED",
    "topic.not.found": "NOT_FOUND",
    "topic.meta.permission": "PERMISSION_DENIED",
    "topic.api.unavailable": "UNAVAILABLE",
    "topic.validation.empty": "INVALID_ARGUMENT",
    "schema.meta.permission": "PERMISSION_DENIED",
    "schema.api.unavailable": "UNAVAILABLE",
    "schema.validation.failed": "INVALID_ARGUMENT",
    "subscription.fetch.replayid.corrupted": "INVALID_ARGUMENT",
    "subscription.fetch.replayid.validation.failed": "INVALID_ARGUMENT",
    "subscription.fetch.replay.repeated": "INTERNAL",
    "subscription.fetch.requested.events.invalid": "INVALID_ARGUMENT",
    "subscription.fetch.topic.mismatch": "INVALID_ARGUMENT",
    "subscription.fetch.overflow": "INVALID_ARGUMENT",
    "subscription.fetch.request.invalid": "INVALID_ARGUMENT",
    "subscription.topic.cannot.subscribe": "PERMISSION_DENIED",
    "subscription.limit.exceeded": "RESOURCE_EXHAUSTED",
    "subscription.internal.error": "INTERNAL",
    "publish.stream.sweeper.timeout": "DEADLINE_EXCEEDED",
    "publish.event.count.invalid": "INVALID_ARGUMENT",
    "publish.topic.mismatch": "INVALID_ARGUMENT",
    "publish.topic.cannot.publish": "PERMISSION_DENIED",
    "publish.limit.exceeded": "RESOURCE_EXHAUSTED",
    "managed.subscription.already.active": "ALREADY_EXISTS",
    "managed.subscription.config.stopped": "FAILED_PRECONDITION",
    "managed.subscription.config.deleted": "NOT_FOUND",
    "managed.subscription.developer.name.not.found": "NOT_FOUND",
    "managed.subscription.subscription.id.not.found": "NOT_FOUND",
    "managed.subscription.validation.failed": "INVALID_ARGUMENT",
}
"""The gRPC status of each code, both without their prefixes."""


class PubSubError(RefusedError):
    """A call, or the rest of a stream, is refused. `code` is without its prefix, `status` a gRPC name.

    `trailers` is what goes out in place of the `error-code` alone.
    """

    def __init__(
        self, code: str, message: str, *, status: str = "", trailers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, on=code)
        self.code = code
        self.message = message
        self.status = status or STATUSES[code]
        self.trailers = {"error-code": PREFIX + code} if trailers is None else trailers
