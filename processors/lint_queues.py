"""Finds what is wrong with queues, and with the facts that steps give to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from processors import conditions
from processors.context import paths
from schemas.definition.queue import Queue
from schemas.definition.steps import AssignCsm
from schemas.errors import DefinitionError, StepError

_FACT = re.compile(r"\bfacts\.(\w+)")
_ALWAYS_TESTED = re.compile(r"\bhas\s*\(\s*facts\.(\w+)\s*\)")
_SAMPLES = ("x", "1", "2026-09-14T08:30:12Z")
"""A fact is a text; a condition may read a number or a moment out of it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a document, and where in it. Only an error keeps it from being applied."""

    what: str
    todo: str
    path: tuple[str | int, ...]
    error: bool = True


def queue_faults(queue: Queue) -> Iterator[Fault]:
    """Give what is wrong with a queue."""
    seen: dict[str, str] = {}
    for number, member in enumerate(queue.members):
        at = ("members", number)
        if member.who in seen:
            yield Fault(f"{member.email or member.name} stands twice",
                        "Give a weight instead, under the policy weighted.", (*at, "email"))  # fmt: skip
        seen[member.who] = member.name
        if not member.email:
            yield Fault(f"{member.name} has no e-mail", "Nobody can write to them.", at, error=False)
        if "weight" in member.model_fields_set and queue.policy != "weighted":
            yield Fault(f"the policy {queue.policy} does not look at a weight",
                        "Write policy: weighted, or take it out.", (*at, "weight"), error=False)  # fmt: skip
        if member.when is not None:
            yield from _condition_faults(member.when, (*at, "when"))
    given = [member.capacity is not None for member in queue.members]
    if queue.policy == "least_loaded" and any(given) and not all(given):
        yield Fault("some members have no capacity; they are measured by the largest one",
                    "Give everybody one.", ("members",), error=False)  # fmt: skip


def fact_faults(step: AssignCsm, queue: Queue, *at: str | int) -> Iterator[Fault]:
    """Give what a queue's members ask for that the step does not give, and what it gives for nothing."""
    spoken = [member.when for member in queue.members if member.when is not None]
    wanted = {name for when in spoken for name in _FACT.findall(when)}
    tested = {name for when in spoken for name in _ALWAYS_TESTED.findall(when)}
    for name in sorted(wanted - tested - step.facts.keys()):
        yield Fault(f"members of the queue {queue.name} ask for facts.{name}, which is not given here",
                    f"Add it: facts: {{{name}: …}}.", (*at, "queue"))  # fmt: skip
    for name in step.facts.keys() - wanted:
        yield Fault(f"no member of the queue {queue.name} asks for facts.{name}", "", (*at, "facts", name),
                    error=False)  # fmt: skip


def _condition_faults(expression: str, at: tuple[str | int, ...]) -> Iterator[Fault]:
    try:
        conditions.compiled(expression)
    except DefinitionError as error:
        yield Fault(error.what, "", at)
        return
    strangers = [path for path in paths(expression) if path.partition(".")[0] in _STRANGERS]
    if strangers:
        yield Fault(f"{strangers[0]} is not known to a queue", "Let the step give it as a fact.", at)
        return
    names = _FACT.findall(expression)
    reasons = []
    for sample in _SAMPLES:
        try:
            conditions.holds(expression, {"facts": dict.fromkeys(names, sample)})
        except StepError as error:
            reasons.append(error.what)
        else:
            return
    yield Fault(reasons[0], "A fact is a text; a number is read out of it by double(facts.…).", at)


_STRANGERS = frozenset(
    {"account", "activities", "company", "contacts", "csm", "deal", "notes", "primary_contact"}
)
