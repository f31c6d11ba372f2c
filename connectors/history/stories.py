"""Events as every history can hold them, and what identifies them there."""

from schemas.run_event import RunEvent
from schemas.run_summary import is_of_run

_INDEXED = frozenset({"id", "run_id", "org_id", "opportunity_id", "workflow_id", "step_id", "outcome"})
_TEXTS = tuple(name for name, field in RunEvent.model_fields.items() if field.annotation is str)
_MOST_CHARS = 200


def storable(event: RunEvent) -> RunEvent:
    """Give an event that every database can hold.

    PostgreSQL's text has no zero character, and its indexes take no entry larger than 2.7 kB.
    """
    changed = {}
    for name in _TEXTS:
        value: str = getattr(event, name)
        if "\0" in value or (name in _INDEXED and len(value) > _MOST_CHARS):
            kept = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
            changed[name] = kept[:_MOST_CHARS] if name in _INDEXED else kept
    return event.model_copy(update=changed) if changed else event


def story_of(event: RunEvent) -> tuple[str, int]:
    """Give what identifies an event: its run and sequence, or its own id where it is of no run."""
    return (event.run_id, event.sequence) if is_of_run(event) else (event.id, 0)
