"""What a person's word does to a task. Every task ends once; a word to an ended one is refused, saying why.

open → claimed → done; release and delegate go back to open; a direct answer from open is allowed;
a deadline makes it expired, and the end of its run cancelled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from processors.form_values import checked
from schemas.inbox import InboxRecord
from schemas.task import (
    APPROVAL,
    CANCELLED,
    CHOICE,
    CLAIM,
    CLAIMED,
    DONE,
    EXPIRED,
    FORM,
    OPEN,
    TASK_ENDED,
    Task,
    Vote,
)

_FITTING: Mapping[str, frozenset[str]] = {
    "approve": frozenset({APPROVAL}),
    "reject": frozenset({APPROVAL}),
    "fill": frozenset({FORM}),
    "draft": frozenset({FORM}),
    "choose": frozenset({CHOICE}),
}
_MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a word: the task as it is now and the event's name, or why it was refused."""

    task: Task
    event: str = ""
    refused: str = ""


def say(task: Task, word: InboxRecord, at: datetime) -> Said:
    """Take a person's word about a task."""
    refused = _refusal(task, word)
    if refused:
        return Said(task, refused=refused)
    match word.command:
        case "approve" | "reject":
            return _voted(task, word, at)
        case "fill" | "draft":
            return _written(task, word, at)
        case "choose":
            choice = word.values.get("choice", "")
            if choice not in {each.key for each in task.choices}:
                allowed = ", ".join(each.key for each in task.choices)
                return Said(task, refused=f"{choice!r:.40} is no choice; choose from: {allowed}")
            return Said(_ended(task, choice, word, at), "answered")
        case "claim":
            return _claimed(task, word, at)
        case "release":
            if task.status != CLAIMED:
                return Said(task, refused="nobody has claimed it")
            return Said(_next(task, status=OPEN, claimed_by=""), "released")
        case "delegate":
            return _delegated(task, word)
        case unknown:
            return Said(task, refused=f"{unknown!r:.40} is nothing that can be done with a task")


def ended(task: Task, status: str, reason: str, at: datetime) -> Task:
    """Give a task that ended by itself: `EXPIRED` at its deadline, `CANCELLED` with its run."""
    return _next(task, status=status, outcome=status, reason=reason, answered_at=at)


def already(task: Task) -> str:
    """Say why nothing can be said about an ended task any more."""
    match task.status:
        case status if status == EXPIRED:
            return "it expired at its deadline"
        case status if status == CANCELLED:
            return f"it was cancelled: {task.reason}"
        case _:
            return f"it is already done: {task.outcome} by {task.answered_by}"


def asked(task: Task, people: Iterable[str]) -> Task:
    """Give the task with further people who may answer."""
    known = {each.casefold() for each in task.people}
    more = tuple(dict.fromkeys(each for each in people if each.casefold() not in known))
    return _next(task, people=(*task.people, *more)[:_MOST_PEOPLE], escalated=True)


def reminded(task: Task) -> Task:
    """Give the task with one more reminder counted."""
    return _next(task, reminded=task.reminded + 1)


def _refusal(task: Task, word: InboxRecord) -> str:
    if task.status in TASK_ENDED:
        return already(task)
    if task.kind not in _FITTING.get(word.command, frozenset({task.kind})):
        return f"one cannot {word.command} a task of kind {task.kind}"
    actor = word.actor.casefold()
    if not actor:
        return "it is not said by whom"
    if word.force:
        return ""
    if actor not in {each.casefold() for each in task.people}:
        return f"{word.actor} is not asked; asked are: {', '.join(task.people)}"
    if task.status == CLAIMED and actor != task.claimed_by.casefold():
        return f"{task.claimed_by} has claimed it"
    return ""


def _voted(task: Task, word: InboxRecord, at: datetime) -> Said:
    yes = word.command == "approve"
    if not yes and not word.reason.strip():
        return Said(task, refused="a rejection needs its reason")
    vote = Vote(by=word.actor, yes=yes, reason=word.reason, at=at)
    mine = next((each for each in task.votes if each.by.casefold() == word.actor.casefold()), None)
    if mine is not None and mine.yes == yes:
        return Said(task, refused=f"{word.actor} has said so already")
    others = tuple(each for each in task.votes if each is not mine)
    task = task.model_copy(update={"votes": (*others, vote)})
    in_favour = sum(each.yes for each in task.votes)
    against = len(task.votes) - in_favour
    if in_favour >= task.need:
        return Said(_ended(task, "approved", word, at), "answered")
    # One no of one who is asked alone, or of many of whom all are needed, leaves nobody to make it a yes.
    if len(task.people) - against < task.need or (task.need == 1 and not yes):
        return Said(_ended(task, "rejected", word, at), "answered")
    return Said(_next(task), "answered")


def _written(task: Task, word: InboxRecord, at: datetime) -> Said:
    whole = word.command == "fill"
    given = {**task.values, **word.values} if whole else word.values
    values, errors = checked(task.fields, given, whole=whole)
    if errors:
        return Said(task, refused="; ".join(f"{name}: {error}" for name, error in errors.items()))
    if not whole:
        return Said(_next(task, values={**task.values, **values}), "saved")
    return Said(_ended(task.model_copy(update={"values": values}), "filled", word, at), "answered")


def _claimed(task: Task, word: InboxRecord, at: datetime) -> Said:
    if task.kind == CLAIM:
        return Said(_ended(task, word.actor, word, at), "answered")
    if task.status == CLAIMED:
        return Said(task, refused=f"{task.claimed_by} has claimed it")
    return Said(_next(task, status=CLAIMED, claimed_by=word.actor), "claimed")


def _delegated(task: Task, word: InboxRecord) -> Said:
    to = tuple(each.strip() for each in word.to if "@" in each)
    if not to or len(to) != len(word.to):
        return Said(task, refused="say to whom, by mail address")
    actor = word.actor.casefold()
    stay = tuple(each for each in task.people if each.casefold() != actor)
    people = tuple(dict.fromkeys((*stay, *to)))[:_MOST_PEOPLE]
    if len(people) < task.need:
        return Said(task, refused=f"{task.need} people have to approve it, and {len(people)} would be left")
    return Said(_next(task, people=people, status=OPEN, claimed_by=""), "delegated")


def _ended(task: Task, outcome: str, word: InboxRecord, at: datetime) -> Task:
    return _next(
        task, status=DONE, outcome=outcome, answered_by=word.actor, answered_at=at, reason=word.reason
    )


def _next(task: Task, **fields: object) -> Task:
    return task.model_copy(update={**fields, "revision": task.revision + 1})
