"""The schemas of an org's events: the one of today for each object, and every one that there was."""

from connectors.salesforce.simulator.objects import FieldType, Objects
from connectors.salesforce.simulator.pubsub.schema import EventSchema, change_schema

__all__ = ["Schemas"]


class Schemas:
    """Made when they are asked for. An id that was given stays known."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._extra: dict[str, tuple[FieldType, ...]] = {}
        self._current: dict[str, EventSchema] = {}
        self._by_id: dict[str, EventSchema] = {}

    def of(self, entity: str) -> EventSchema:
        """Give the schema that changes of an object have now."""
        known = self._current.get(entity)
        if known is None:
            known = change_schema(self._objects[entity], self._extra.get(entity, ()))
            self._current[entity] = self.keep(known)
        return known

    def keep(self, schema: EventSchema) -> EventSchema:
        """Remember a schema by its id."""
        self._by_id[schema.id] = schema
        return schema

    def find(self, schema_id: str) -> EventSchema | None:
        """Give a schema by its id; None if no event ever had it."""
        if schema_id not in self._by_id:
            for name, kind in self._objects.items():
                if kind.change_events:
                    self.of(name)
        return self._by_id.get(schema_id)

    def add_field(self, entity: str, item: FieldType) -> EventSchema:
        """Give an object one more custom field: its events have another schema from now on."""
        self._extra[entity] = (*self._extra.get(entity, ()), item)
        self._current.pop(entity, None)
        return self.of(entity)
