"""What came of a merge, out of facts that come in any order."""

from itertools import permutations

import pytest

from processors.merge_answers import Outcome, outcome
from schemas.account import AccountEvent
from schemas.account_merge import MERGE, UNMERGE, MergeAccounts


def fact(kind: str, key: str, reason: str = "", command: str = "c") -> AccountEvent:
    return AccountEvent(
        id=f"{kind}{key}", org_id="o", kind=kind, account_key=key, command_id=command, reason=reason
    )


MERGED, UNMERGED, UPDATED = "account.merged", "account.unmerged", "account.updated"
DONE = Outcome(done=True)
CASES: list[tuple[str, list[AccountEvent], Outcome | None]] = [
    (MERGE, [], None),
    (MERGE, [fact(MERGED, "a")], None),
    (MERGE, [fact(UPDATED, "b")], None),
    (MERGE, [fact(MERGED, "a"), fact(UPDATED, "b")], DONE),
    (MERGE, [fact(MERGED, "a"), fact(UPDATED, "b", command="another")], None),
    (MERGE, [fact("account.merge_refused", "a", "why")], Outcome(done=False, reason="why")),
    (
        MERGE,
        [fact(MERGED, "a"), fact("account.merge_failed", "b", "down")],
        Outcome(done=False, reason="one half failed: down; type the command again"),
    ),
    (MERGE, [fact(MERGED, "a"), fact(UNMERGED, "a", "why")], Outcome(done=False, reason="why")),
    (UNMERGE, [fact(UNMERGED, "a")], None),
    (UNMERGE, [fact(UNMERGED, "a"), fact(UPDATED, "b")], DONE),
]


@pytest.mark.parametrize(("kind", "facts", "expected"), CASES)
def test_both_halves_make_an_outcome(kind: str, facts: list[AccountEvent], expected: Outcome | None) -> None:
    command = MergeAccounts(id="c", org_id="o", kind=kind, source_key="a", target_key="b")
    for order in permutations(facts):
        assert outcome(command, order) == expected
