"""The simulated org: its records, users, sessions, limits, permissions and change log, over one clock."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.access import Access
from connectors.salesforce.simulator.changes import ChangeLog
from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.connected_app import ConnectedApp, Credential, opaque
from connectors.salesforce.simulator.derive.notes import NOTE_TYPE, as_note
from connectors.salesforce.simulator.event_bus import EventBus
from connectors.salesforce.simulator.event_channels import EventChannels
from connectors.salesforce.simulator.ids import ORG_PREFIX, IdMint, to18
from connectors.salesforce.simulator.limits import ALLOCATIONS, Edition, Limits
from connectors.salesforce.simulator.objects import OBJECTS, Objects, Row, Value
from connectors.salesforce.simulator.objects.editions import without_change_events
from connectors.salesforce.simulator.outbound.outbox import Outbox
from connectors.salesforce.simulator.platform_events import PlatformEvents
from connectors.salesforce.simulator.seed import base
from connectors.salesforce.simulator.sessions import Sessions
from connectors.salesforce.simulator.store import Store
from connectors.salesforce.simulator.transaction import Transaction
from schemas.errors import UnreadableError

if TYPE_CHECKING:
    from connectors.salesforce.simulator.change_drafts import RecordChange

__all__ = ["Org"]

_JITTER = 2
_LICENCES = 15


class Org:
    """One org, in memory and deterministic from its seed.

    It begins with its organization, its stages, an administrator and an integration user; `seed.plant` adds
    deals. Nothing here waits or speaks to a socket: servers read and write it between two awaits.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        clock: SimClock | None = None,
        edition: Edition = Edition.ENTERPRISE,
        session_timeout: timedelta = timedelta(hours=2),
        objects: Objects = OBJECTS,
        jitter_seconds: int = _JITTER,
    ) -> None:
        self.seed = seed
        self.clock = clock or SimClock()
        self.objects = objects if ALLOCATIONS[edition].change_events else without_change_events(objects)
        self.ids = IdMint(seed)
        self.org_id = self.ids.mint(ORG_PREFIX)
        self.api_version = "66.0"
        self.instance_url = "http://localhost"
        """Where the org is reached, login host and My Domain in one; a server sets it once it listens."""
        self.store = Store(self.objects)
        self.access = Access(self.objects)
        self.limits = Limits(self.clock, edition, _LICENCES)
        self.changes = ChangeLog(self.objects, self.clock, seed)
        self.channels = EventChannels(self)
        self.platform_events = PlatformEvents(self)
        self.notifications = EventBus(self.clock, f"notifications:{seed}", timedelta(hours=24))
        """What PushTopics tell, by `/topic/` and name."""
        self.generic_events = EventBus(self.clock, f"generic:{seed}", timedelta(hours=24))
        self.before_commit: Callable[[Sequence[RecordChange]], None] | None = None
        """Told what a transaction did, before that holds; `DmlError` undoes it. Whoever serves sets it."""
        self.after_commit: Callable[[Sequence[RecordChange]], None] | None = None
        self.sessions = Sessions(self.clock, self.org_id, opaque("session", seed), session_timeout)
        self.outbound = Outbox(self)
        """The Outbound Messages; whoever serves the org sends them."""
        self.cascades: dict[str, tuple[tuple[str, str], ...]] = {}
        """What went to the recycle bin with a record, by that record's id."""
        self._jitter_seconds = jitter_seconds
        # Chance that must repeat with the seed; nothing secret hangs on it.
        self._random = random.Random(f"jitter:{seed}")  # noqa: S311 - see above
        self.admin_id, self.integration_user_id = base.lay(self)
        username = str((self.get("User", self.integration_user_id) or {})["Username"])
        self.credentials = {
            username: Credential(
                username,
                self.integration_user_id,
                opaque("password", seed, length=16),
                opaque("token", seed, length=24),
            )
        }
        """Passwords by username."""
        self.app = ConnectedApp(
            client_id=f"3MVG9{opaque('client', seed, length=80)}",
            client_secret=opaque("secret", seed).upper(),
            run_as=self.integration_user_id,
            preauthorised={self.integration_user_id},
        )

    @property
    def login_url(self) -> str:
        """Where tokens are asked for."""
        return self.instance_url

    def transaction(
        self, user_id: str, origin: str = "", *, stamped_ago: timedelta = timedelta(0)
    ) -> Transaction:
        """Begin a transaction as a user. `origin` is the changeOrigin of its events: see `api_origin`.

        What is written is stamped `stamped_ago`: in a transaction that takes long, records are stamped when
        they are written and seen when it commits.
        """
        return Transaction(self, user_id, origin, stamped_ago)

    def rows(self, name: str, *, include_deleted: bool = False) -> Iterable[Row]:
        """Give the records of an object, oldest first; those in the recycle bin last, if asked for."""
        if name == "ContentNote":
            documents = self.rows("ContentDocument", include_deleted=include_deleted)
            return (self._note(row) for row in documents if row.get("FileType") == NOTE_TYPE)
        if include_deleted:
            return chain(self.store.rows(name), self.store.binned(name))
        return self.store.rows(name)

    def count(self, name: str) -> int:
        """Say how many live records an object has."""
        return sum(1 for _ in self.rows(name)) if name == "ContentNote" else self.store.count(name)

    def get(self, name: str, record_id: str, *, include_deleted: bool = False) -> Row | None:
        """Give a record by its id of 15 or 18 characters; None if there is none."""
        try:
            key = to18(record_id)
        except UnreadableError:
            return None
        if name == "ContentNote":
            document = self.get("ContentDocument", key, include_deleted=include_deleted)
            return self._note(document) if document and document.get("FileType") == NOTE_TYPE else None
        row = self.store.get(name, key)
        return self.store.get_binned(name, key) if row is None and include_deleted else row

    def children(
        self, name: str, field: str, value: Value, *, include_deleted: bool = False
    ) -> Iterable[Row]:
        """Give the records of an object whose field has a value, by an index: children of a parent id."""
        found = self.store.find(name, field, value)
        if not include_deleted:
            return found
        return chain(found, (row for row in self.store.binned(name) if row.get(field) == value))

    def readable(self, user_id: str, name: str, field: str) -> bool:
        """Say whether field-level security lets a user see a field."""
        return self.access.readable(user_id, name, field)

    def jitter(self) -> int:
        """Give some seconds, up to two, by which one stamp of a write lies before another."""
        return self._random.randint(0, self._jitter_seconds)

    def _note(self, document: Row) -> Row:
        latest = document.get("LatestPublishedVersionId")
        return as_note(document, self.store.get("ContentVersion", str(latest)) if latest else None)
