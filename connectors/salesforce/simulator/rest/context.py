"""What the resources share: the org, the open query results, and the way to each other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from connectors.salesforce.simulator.changes import api_origin
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects.types import FieldType, ObjectType
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.cursors import Cursors
from connectors.salesforce.simulator.rest.render import Renderer
from connectors.salesforce.simulator.rest.reply import ApiError, Reply, not_found
from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["Context", "Resource", "refusal", "writing"]

_STATUS = {"NOT_FOUND": 404, "ENTITY_IS_DELETED": 404, "INSUFFICIENT_ACCESS_OR_READONLY": 403}


@dataclass(slots=True)
class Context:
    """One per org. `dispatch` runs a request as if it had come over HTTP, but uncharged."""

    org: Org
    cursors: Cursors
    dispatch: Callable[[Request], Reply]
    described: dict[tuple[str, str, str], tuple[bytes, datetime]] = field(default_factory=dict)
    """By user, object and version: a digest of the description, and since when it has been that."""

    def renderer(self, request: Request) -> Renderer:
        """Give the printer of records for the version of a request."""
        return Renderer(self.org, request.base)

    def object(self, name: str) -> ObjectType:
        """Find an object by its name in a path. Raises `ApiError`."""
        found = self.org.objects.find(name)
        if found is None:
            raise not_found()
        return found

    def readable(self, request: Request, holder: ObjectType) -> list[FieldType]:
        """List the fields of an object that the caller may read."""
        return [
            field
            for field in holder.fields
            if self.org.readable(request.caller.user_id, holder.name, field.name)
        ]

    def field(self, request: Request, holder: ObjectType, name: str) -> FieldType:
        """Find a field that the caller may read. Raises `ApiError` (INVALID_FIELD)."""
        found = holder.find(name)
        if found is None or not self.org.readable(request.caller.user_id, holder.name, found.name):
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {holder.name}")
        return found


Resource = Callable[[Context, Request], Reply]


@contextmanager
def writing(context: Context, request: Request) -> Iterator[Transaction]:
    """Write in the transaction that the request is part of, or in one of its own."""
    if request.transaction is not None:
        yield request.transaction
        return
    origin = api_origin(request.version, request.caller.client or None)
    with context.org.transaction(request.caller.user_id, origin) as transaction:
        yield transaction


def refusal(error: DmlError) -> ApiError:
    """Give a refused write as a REST error."""
    return ApiError(_STATUS.get(error.code, 400), error.code, error.message, error.fields)
