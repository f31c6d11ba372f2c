"""What steps name beside other steps: the deadlines they set and the groups they ask."""

from collections.abc import Iterator

from schemas.definition.any_step import AnyStep
from schemas.definition.calendar import BusinessTime
from schemas.definition.flow import Wait
from schemas.definition.people import GROUP, Ask

Place = tuple[str | int, ...]


def deadlines(step: AnyStep) -> Iterator[tuple[Place, BusinessTime]]:
    """Give the deadlines of a step that count by a calendar, each with its place in the step."""
    if isinstance(step.time_out, BusinessTime):
        yield ("time_out",), step.time_out
    if isinstance(step, Wait) and isinstance(step.duration, BusinessTime):
        yield ("duration",), step.duration
    if isinstance(step, Ask):
        for number, each in enumerate(step.remind):
            if isinstance(each, BusinessTime):
                yield ("remind", number), each
        if step.escalate is not None and isinstance(step.escalate.after, BusinessTime):
            yield ("escalate", "after"), step.escalate.after


def groups(step: AnyStep) -> Iterator[str]:
    """Give the groups that a step asks."""
    if isinstance(step, Ask):
        asked = (*step.to, *(step.escalate.to if step.escalate is not None else ()))
        yield from (each.removeprefix(GROUP) for each in asked if each.startswith(GROUP))
