"""Holds rows by object and id, the recycle bin, and indexes that are made when first asked for.

Rows are replaced, never changed: who holds one keeps a consistent picture of it.
"""

from collections.abc import Iterable, Iterator

from connectors.salesforce.simulator.objects import Row, Value

__all__ = ["Store"]


class Store:
    """The records of an org."""

    def __init__(self, objects: Iterable[str]) -> None:
        self._live: dict[str, dict[str, Row]] = {name: {} for name in objects}
        self._bin: dict[str, dict[str, Row]] = {name: {} for name in self._live}
        self._indexes: dict[tuple[str, str], dict[Value, dict[str, None]]] = {}
        self._indexed: dict[str, list[str]] = {name: [] for name in self._live}

    def rows(self, name: str) -> Iterable[Row]:
        """Give the live rows in the order of their creation."""
        return self._live[name].values()

    def binned(self, name: str) -> Iterable[Row]:
        """Give the rows in the recycle bin."""
        return self._bin[name].values()

    def count(self, name: str) -> int:
        """Say how many live rows there are."""
        return len(self._live[name])

    def get(self, name: str, record_id: str) -> Row | None:
        """Give a live row."""
        return self._live[name].get(record_id)

    def get_binned(self, name: str, record_id: str) -> Row | None:
        """Give a row in the recycle bin."""
        return self._bin[name].get(record_id)

    def find(self, name: str, field: str, value: Value) -> Iterator[Row]:
        """Give the live rows whose field has a value, by an index; they may be written while being read."""
        live = self._live[name]
        found = tuple(self._index(name, field).get(value, ()))
        return (live[record_id] for record_id in found if record_id in live)

    def put(self, name: str, row: Row) -> None:
        """Hold a live row, in place of the one with its id."""
        record_id = str(row["Id"])
        self._reindex(name, record_id, self._live[name].get(record_id), row)
        self._bin[name].pop(record_id, None)
        self._live[name][record_id] = row

    def bin(self, name: str, row: Row) -> None:
        """Hold a row in the recycle bin."""
        self.forget(name, str(row["Id"]))
        self._bin[name][str(row["Id"])] = row

    def forget(self, name: str, record_id: str) -> None:
        """Let go of a row altogether."""
        self._reindex(name, record_id, self._live[name].pop(record_id, None), None)
        self._bin[name].pop(record_id, None)

    def _index(self, name: str, field: str) -> dict[Value, dict[str, None]]:
        index = self._indexes.get((name, field))
        if index is None:
            index = self._indexes[name, field] = {}
            for record_id, row in self._live[name].items():
                value = row.get(field)
                if value is not None:
                    index.setdefault(value, {})[record_id] = None
            self._indexed[name].append(field)
        return index

    def _reindex(self, name: str, record_id: str, old: Row | None, new: Row | None) -> None:
        for field in self._indexed[name]:
            index = self._indexes[name, field]
            before = None if old is None else old.get(field)
            after = None if new is None else new.get(field)
            if before == after:
                continue
            if before is not None:
                index[before].pop(record_id, None)
            if after is not None:
                index.setdefault(after, {})[record_id] = None
