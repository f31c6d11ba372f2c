"""One transaction: writes that happen together or not at all, and end as change events of one key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from connectors.salesforce.simulator import rules
from connectors.salesforce.simulator.change_drafts import RecordChange
from connectors.salesforce.simulator.derive import after_write, before_write, notes
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects import Row, Value

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["Transaction"]


@dataclass(slots=True)
class _Touched:
    before: Row | None
    was_binned: bool


class Transaction:
    """Writes to records as one user, in a `with` block: commits at its end, undoes all if it raises.

    An operation that raises `DmlError` did nothing and leaves the transaction usable, so a caller that wants
    the other records all the same catches it inside the block. There is no await inside a transaction.
    """

    def __init__(self, org: "Org", user_id: str, origin: str, ago: timedelta) -> None:
        self.org = org
        self.user_id = user_id
        self.now = (org.clock.now() - ago).replace(microsecond=0)
        """The stamp of everything written: whole seconds, as records hold them."""
        # Not all stamps of a write are of one second in a real org; those of one kind in one write are.
        self.stage_stamp = self.now - timedelta(seconds=org.jitter())
        self.history_stamp = self.now - timedelta(seconds=org.jitter())
        self._origin = origin
        self._touched: dict[tuple[str, str], _Touched] = {}
        self._cascades: dict[str, tuple[tuple[str, str], ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._undo()
            return
        changes = self._changes()
        try:
            if self.org.before_commit is not None:
                self.org.before_commit(changes)
        except DmlError:
            self._undo()
            raise
        self._commit(changes)

    def create(self, name: str, fields: Mapping[str, object]) -> str:
        """Create a record and give its 18-character id. Raises `DmlError`."""
        kind = rules.object_for(self.org, name, "create")
        values = rules.values_to_create(self.org, self.user_id, kind, fields)
        if kind.name == "ContentNote":
            return notes.create_note(self, values)
        return self.insert(kind.name, values, frozenset(values))

    def update(self, name: str, record_id: str, fields: Mapping[str, object]) -> None:
        """Change a record's fields; None sets a field to null. Raises `DmlError`."""
        kind = rules.object_for(self.org, name, "update")
        row = rules.existing(self.org, kind, record_id)
        values = rules.values_to_update(self.org, self.user_id, kind, row, fields)
        if kind.name == "ContentNote":
            notes.update_note(self, row, values)
            return
        self.change(kind.name, str(row["Id"]), values, frozenset(values))

    def delete(self, name: str, record_id: str) -> None:
        """Move a record, and those that go with it, to the recycle bin. Raises `DmlError`."""
        kind = rules.object_for(self.org, name, "delete")
        row = rules.existing(self.org, kind, record_id)
        gone: list[tuple[str, str]] = []
        self._bin("ContentDocument" if kind.name == "ContentNote" else kind.name, row, gone)
        self._cascades[str(row["Id"])] = tuple(gone)

    def undelete(self, name: str, record_id: str) -> None:
        """Bring a record, and those that went with it, back from the recycle bin. Raises `DmlError`."""
        kind = rules.object_for(self.org, name, "undelete")
        key = rules.record_id_of(kind, record_id)
        if self.org.store.get_binned(kind.name, key) is None:
            raise DmlError("UNDELETE_FAILED", "Entity is not in the recycle bin", ("Id",))
        for child, child_id in self._cascades.get(key) or self.org.cascades.get(key, ((kind.name, key),)):
            row = self.org.store.get_binned(child, child_id)
            if row is not None:
                self._store(child, self._stamped(child, {**row, "IsDeleted": False}))

    def insert(self, name: str, values: Mapping[str, Value], given: frozenset[str] = frozenset()) -> str:
        """Create a record as the org itself does, with whatever fields, and give its id."""
        kind = self.org.objects[name]
        row: dict[str, Value] = {item.name: item.default for item in kind.fields if item.default is not None}
        row |= values
        if kind.find("OwnerId") is not None and row.get("OwnerId") is None:
            row["OwnerId"] = self.user_id
        before_write(self, name, None, row, given)
        row["Id"] = self.org.ids.mint(kind.key_prefix)
        for field, value in (("CreatedDate", self.now), ("CreatedById", self.user_id)):
            if kind.find(field) is not None:
                row.setdefault(field, value)
        stored = self._stamped(name, row)
        self._store(name, stored)
        after_write(self, name, None, stored)
        return str(row["Id"])

    def change(
        self, name: str, record_id: str, values: Mapping[str, Value], given: frozenset[str] = frozenset()
    ) -> None:
        """Change a record as the org itself does, with whatever fields."""
        before = self.org.store.get(name, record_id)
        if before is None:
            raise DmlError("NOT_FOUND", "The requested resource does not exist")
        row = {**before, **values}
        before_write(self, name, before, row, given)
        stored = self._stamped(name, row)
        self._store(name, stored)
        after_write(self, name, before, stored)

    def mark(self, name: str, record_id: str, values: Mapping[str, Value]) -> None:
        """Change fields of a record and nothing else: nothing follows from it."""
        before = self.org.store.get(name, record_id)
        if before is not None:
            self._store(name, self._stamped(name, {**before, **values}))

    def _stamped(self, name: str, row: Mapping[str, Value]) -> Row:
        kind = self.org.objects[name]
        stamped = {key: value for key, value in row.items() if value is not None}
        stamped["SystemModstamp"] = self.now
        if kind.find("LastModifiedDate") is not None:
            stamped["LastModifiedDate"] = self.now
            stamped["LastModifiedById"] = self.user_id
        return stamped

    def _store(self, name: str, row: Row) -> None:
        self._remember(name, str(row["Id"]))
        self.org.store.put(name, row)

    def _bin(self, name: str, row: Row, gone: list[tuple[str, str]]) -> None:
        record_id = str(row["Id"])
        gone.append((name, record_id))
        for link in self.org.objects.children(name):
            if link.cascade_delete:
                for child in tuple(self.org.store.find(link.child, link.field, record_id)):
                    self._bin(link.child, child, gone)
        self._remember(name, record_id)
        self.org.store.bin(name, self._stamped(name, {**row, "IsDeleted": True}))

    def _remember(self, name: str, record_id: str) -> None:
        if (name, record_id) not in self._touched:
            binned = self.org.store.get_binned(name, record_id)
            self._touched[name, record_id] = _Touched(
                binned or self.org.store.get(name, record_id), was_binned=binned is not None
            )

    def _undo(self) -> None:
        for (name, record_id), touched in self._touched.items():
            if touched.before is None:
                self.org.store.forget(name, record_id)
            elif touched.was_binned:
                self.org.store.bin(name, touched.before)
            else:
                self.org.store.put(name, touched.before)

    def _commit(self, changes: list[RecordChange]) -> None:
        self.org.cascades.update(self._cascades)
        self.org.changes.append(changes, self.user_id, self._origin)
        self.org.outbound.fired(changes)
        for change in changes:
            if change.entity == "User" and change.after is not None and not change.after.get("IsActive"):
                self.org.sessions.revoke_user(change.record_id)
        if self.org.after_commit is not None:
            self.org.after_commit(changes)

    def _changes(self) -> list[RecordChange]:
        changes = []
        for (name, record_id), touched in self._touched.items():
            after = self.org.store.get(name, record_id)
            before = None if touched.was_binned else touched.before
            if before is None and after is None:
                continue
            if after is None:
                kind = "DELETE"
            elif before is not None:
                kind = "UPDATE"
            else:
                kind = "UNDELETE" if touched.was_binned else "CREATE"
            changes.append(RecordChange(name, record_id, kind, before, after))
        return changes
