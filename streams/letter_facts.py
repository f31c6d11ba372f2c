"""A dead letter as plain values, for JSON: the facts about it, and its record."""

import json
from typing import NamedTuple

from connectors.kafka.scan import Message
from processors.dead_letters import Redrive
from schemas.base import Record
from schemas.dead_letter import Letter, Mark
from streams.redrive_rounds import Outcome

_SHOWN_BYTES = 64


def facts(letter: Letter, mark: Mark | None = None) -> dict[str, object]:
    """Give a letter as plain values, with how it was dealt with."""
    told: dict[str, object] = {
        "id": letter.id,
        "at": letter.at.isoformat(),
        "agent": letter.agent,
        "origin": str(letter.origin),
        "key": letter.key.decode(errors="replace"),
        "error": letter.error,
        "reason": letter.reason,
        "redrives": letter.redrives,
        "parks_its_key": letter.holds,
        "bytes": letter.size,
    }
    if mark is not None:
        told |= {
            "dealt_with": mark.kind.value,
            "dealt_with_at": mark.at.isoformat(),
            "by": mark.actor,
            "because": mark.why,
            "now_at": str(mark.to) if mark.to is not None else "",
        }
    return told


def body(message: Message, record: Record | None, trouble: str) -> dict[str, object]:
    """Give a letter's bytes as plain values: the record, or why it cannot be read and how it begins."""
    told: dict[str, object] = {
        "headers": {name: value.decode(errors="replace") for name, value in message.headers}
    }
    if record is not None:
        return {**told, "record": {"type": record.ce_type, **json.loads(record.model_dump_json())}}
    return {**told, "unreadable": trouble, "begins": (message.value or b"")[:_SHOWN_BYTES].hex(" ")}


class Planned(NamedTuple):
    """What a redrive would do, and what it leaves, by the letters' ids."""

    meant: list[str]
    held_back: dict[str, str]
    from_outside: list[str]


def planned(plan: Redrive) -> Planned:
    """Give what a redrive would do as plain values."""
    return Planned(
        meant=[letter.id for letter in plan.letters],
        held_back={letter.id: earlier.id for letter, earlier in plan.held_back},
        from_outside=[letter.id for letter in plan.from_outside],
    )


def became(outcome: Outcome) -> dict[str, bool | int | list[str]]:
    """Give what became of a redrive as plain values."""
    return {
        "redriven": outcome.redriven,
        "came_meanwhile": outcome.came_meanwhile,
        "failed_again": [letter.id for letter in outcome.failed_again],
        "taken": outcome.taken and outcome.redriven > 0,
    }
