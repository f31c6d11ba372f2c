"""What came of a person's merge or unmerge, out of the facts that it caused."""

from collections.abc import Iterable
from dataclasses import dataclass

from processors.account_facts import MERGE_FAILED, MERGE_REFUSED, MERGED, UNMERGED, UPDATED
from schemas.account import AccountEvent
from schemas.account_merge import MERGE, MergeAccounts

__all__ = ["Outcome", "outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: done or not, and why not."""

    done: bool
    reason: str = ""


def outcome(command: MergeAccounts, facts: Iterable[AccountEvent]) -> Outcome | None:
    """Give the outcome, or None while one of its two halves is not known."""
    told = [fact for fact in facts if fact.command_id == command.id]
    for fact in told:
        if fact.kind == MERGE_REFUSED:
            return Outcome(done=False, reason=fact.reason)
        if fact.kind == MERGE_FAILED:
            return Outcome(done=False, reason=f"one half failed: {fact.reason}; type the command again")
    at_source = [fact.kind for fact in told if fact.account_key == command.source_key]
    if command.kind == MERGE and UNMERGED in at_source:
        given_back = next(fact for fact in told if fact.kind == UNMERGED)
        return Outcome(done=False, reason=given_back.reason)
    wanted = MERGED if command.kind == MERGE else UNMERGED
    at_target = [fact for fact in told if fact.account_key != command.source_key and fact.kind == UPDATED]
    return Outcome(done=True) if wanted in at_source and at_target else None
