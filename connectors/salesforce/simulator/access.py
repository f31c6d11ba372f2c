"""What a user may see: field-level security, and who may hear the changes of which objects."""

from collections.abc import Iterable

from connectors.salesforce.simulator.objects import Objects

__all__ = ["Access"]


class Access:
    """Permissions by user. Every user starts as a system administrator who sees and writes everything."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._hidden: dict[str | None, set[tuple[str, str]]] = {}
        self._locked: dict[str | None, set[tuple[str, str]]] = {}
        self._deaf: dict[str | None, set[str]] = {}

    def hide(self, name: str, field: str, user_id: str | None = None) -> None:
        """Take a field away by field-level security, from one user or from all."""
        self._hidden.setdefault(user_id, set()).add(self._named(name, field))

    def show(self, name: str, field: str, user_id: str | None = None) -> None:
        """Give a hidden or locked field back."""
        for denied in (self._hidden, self._locked):
            denied.get(user_id, set()).discard((name, field))

    def lock(self, name: str, field: str, user_id: str | None = None) -> None:
        """Make a field read-only by field-level security, for one user or for all."""
        self._locked.setdefault(user_id, set()).add(self._named(name, field))

    def readable(self, user_id: str, name: str, field: str) -> bool:
        """Say whether a user sees a field."""
        return not self._denied(self._hidden, user_id, (name, field))

    def editable(self, user_id: str, name: str, field: str) -> bool:
        """Say whether field-level security lets a user write a field."""
        return self.readable(user_id, name, field) and not self._denied(self._locked, user_id, (name, field))

    def hidden_fields(self, user_id: str, name: str) -> frozenset[str]:
        """Give the fields of an object that a user does not see."""
        pairs = self._hidden.get(None, set()) | self._hidden.get(user_id, set())
        return frozenset(field for owner, field in pairs if owner == name)

    def deny_events(self, names: Iterable[str], user_id: str | None = None) -> None:
        """Take away View All Records (or Users, or Data), which hearing the changes of an object needs."""
        self._deaf.setdefault(user_id, set()).update(names)

    def may_hear(self, user_id: str, name: str) -> bool:
        """Say whether a user may receive the changes of an object."""
        return name not in self._deaf.get(None, ()) and name not in self._deaf.get(user_id, ())

    def _named(self, name: str, field: str) -> tuple[str, str]:
        if self._objects[name].find(field) is None:
            raise KeyError(f"{name}.{field}")
        return name, field

    @staticmethod
    def _denied(rules: dict[str | None, set[tuple[str, str]]], user_id: str, pair: tuple[str, str]) -> bool:
        return pair in rules.get(None, ()) or pair in rules.get(user_id, ())
