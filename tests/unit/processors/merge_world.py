"""A few accounts, their runs, and persons who merge them; what flows is delivered when the test says so."""

from collections import deque
from datetime import UTC, datetime, timedelta

from processors import merging
from processors.merging import Turn, document
from schemas.account import Account, UpsertAccount
from schemas.account_merge import ADOPT, FOLLOW, GIVE_BACK, MERGE, RELEASE, UNMERGE, MergeAccounts, MergeState
from tests.fixtures.accounts import ORG, an_account

START = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
Input = MergeAccounts | UpsertAccount


class MergeWorld:
    """Each account has one worker, which takes its inputs in order; a topic keeps the order of a key."""

    def __init__(self, count: int = 3) -> None:
        self.keys = [an_account(number).key for number in range(count)]
        self.states: dict[str, MergeState] = {}
        self.runs: dict[str, Account] = {}
        self.published: dict[str, list[Account]] = {key: [] for key in self.keys}
        self.told: list[tuple[str, str]] = []
        self.refused: list[str] = []
        self.answers: list[tuple[str, str]] = []
        self.queues: dict[str, deque[Input]] = {key: deque() for key in self.keys}
        self.handled: dict[str, list[Input]] = {key: [] for key in self.keys}
        self.sent: dict[str, Account] = {}
        """What each command said; a run says the same when it tries again."""
        self.joiners: dict[tuple[str, str], Account] = {}
        self.looks_late = False
        """Whether a merge sees its target as it was in the beginning: a sink read before another's write."""
        self._number = 0
        for number, key in enumerate(self.keys):
            self.runs[key] = an_account(number, website=f"c{number}.test" if number != 1 else None)
            self.states[key] = MergeState(own=self.runs[key], held=1)
            self.published[key].append(self.runs[key])

    def account(self, key: str) -> Account:
        return document(self.states[key])

    def ask(self, kind: str, source: int, target: int = 0, command_id: str = "") -> str:
        self._number += 1
        command = MergeAccounts(
            id=command_id or f"{kind}-{self._number}",
            org_id=ORG,
            kind=kind,
            source_key=self.keys[source],
            target_key=self.keys[target] if kind == MERGE else "",
        )
        self.queues[self.keys[source]].append(command)
        return command.id

    def write(self, number: int, **fields: object) -> str:
        """Have the account's own run write its next revision."""
        self._number += 1
        key = self.keys[number]
        before = self.runs[key]
        changes = {**fields, "revision": before.revision + 1}
        self.runs[key] = before.model_copy(update=changes)
        command = UpsertAccount(
            id=f"upsert-{self._number}",
            org_id=ORG,
            account=self.runs[key],
        )
        self.sent[command.id] = self.runs[key]
        self.queues[key].append(command)
        return command.id

    def join(self, number: int, deal: str, **fields: object) -> str:
        """Have another deal's run write what it sees of an account, with values of its own."""
        self._number += 1
        key = self.keys[number]
        while self.deliver(key):
            pass  # it looks right before it writes
        before = self.joiners.get((key, deal)) or self.account(key)
        says = before.model_copy(update={**fields, "revision": before.revision + 1})
        self.joiners[key, deal] = says
        command = UpsertAccount(id=f"upsert-{self._number}", org_id=ORG, opportunity_id=deal, account=says)
        self.sent[command.id] = says
        self.queues[key].append(command)
        return command.id

    def deliver(self, key: str, *, crashes: bool = False) -> bool:
        """Have a worker take its next input; where it crashes, it takes the last ones again first."""
        if crashes:
            for again in self.handled[key][-2:]:
                self._take(key, again)
        if not self.queues[key]:
            return False
        one = self.queues[key].popleft()
        self.handled[key].append(one)
        self._take(key, one)
        return True

    def settle(self) -> None:
        """Deliver everything. What must be tried again is, as the engine does."""
        while sum(self.deliver(key) for key in self.keys):
            pass

    def _take(self, key: str, one: Input) -> None:
        state = self.states[key]
        turn = self._turn(state, one)
        self.states[key] = turn.state
        account = document(turn.state)
        kind = turn.told or ("overdue" if account.revision > turn.state.held else "")
        if kind:
            assert kind != "overdue"
            self.states[key] = turn.state.model_copy(update={"held": account.revision})
            self.told.append((key, kind))
            self._publish(key, account)
        if turn.refused:
            self.refused.append(turn.refused)
        for sent in turn.sends:
            at_target = sent.kind in (ADOPT, FOLLOW, RELEASE)
            self.queues[sent.target_key if at_target else sent.source_key].append(sent)
        answering = one if isinstance(one, UpsertAccount) else one.answering
        if answering is not None and turn.answered:
            self.answers.append((answering.id, key))
        elif answering is not None and turn.stale:
            self._again(one)

    def _again(self, one: Input) -> None:
        assert isinstance(one, MergeAccounts)
        assert one.answering is not None
        said = self.sent[one.answering.id]
        retry = one.answering.model_copy(update={"account": said, "attempt": one.answering.attempt + 1})
        self.queues[one.source_key].append(retry)

    def _turn(self, state: MergeState, one: Input) -> Turn:
        at = START + timedelta(minutes=self._number)
        if isinstance(one, UpsertAccount):
            assert one.account is not None
            return merging.store(state, one, one.account)
        match one.kind:
            case "merge":
                target = (
                    self.published[one.target_key][0] if self.looks_late else self.account(one.target_key)
                )
                return merging.merge(state, one, target, at)
            case "unmerge":
                return merging.unmerge(state, one, at)
            case "give back":
                return merging.give_back(state, one, at)
            case "release":
                return merging.release(state, one, at)
            case _:
                return merging.adopt(state, one, at)

    def _publish(self, key: str, account: Account) -> None:
        last = self.published[key][-1]
        if account.revision == last.revision:
            assert account == last, "one revision, two documents"
            return
        assert account.revision > last.revision, "a revision went back"
        self.published[key].append(account)


__all__ = ["GIVE_BACK", "MERGE", "UNMERGE", "MergeWorld"]
