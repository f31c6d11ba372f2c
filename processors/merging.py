"""Merging accounts: what becomes of the source, and of the target, for each thing that may be asked.

Each account is changed by its own key's worker alone, in order; the two tell one another by records. The
source decides whether it is merged, and into whom; the target's aliases follow. A merged account always names
one that is not merged itself, so nobody has to follow a chain. Every function takes the state of the account
that the record is for.
"""

from dataclasses import dataclass
from datetime import datetime

from processors.account_facts import CREATED, MERGED, UNMERGED, UPDATED
from processors.account_filling import filled
from processors.account_joining import folded, joined, together
from schemas.account import Account, UpsertAccount
from schemas.account_merge import ADOPT, FOLLOW, GIVE_BACK, RELEASE, MergeAccounts, MergeState
from schemas.ids import account_id, derived_id

__all__ = [
    "Turn",
    "adopt",
    "document",
    "give_back",
    "given_back",
    "merge",
    "objection",
    "release",
    "store",
    "unmerge",
]

MOST_ALIASES = 20
_ASKED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one input makes of an account. `told` is the fact to publish with the document, or nothing.

    `answered` says that the upsert behind it all may be answered as done; `stale` that its merge was undone
    meanwhile, and it must be tried again.
    """

    state: MergeState
    told: str = ""
    sends: tuple[MergeAccounts, ...] = ()
    refused: str = ""
    answered: bool = False
    stale: bool = False


def document(state: MergeState) -> Account:
    """Give the account as it is held and published."""
    said = state.shown or filled(_said(state), state.fills)
    moments = [at for at in (said.updated_at, state.changed_at) if at is not None]
    return said.model_copy(
        update={
            "revision": said.revision + state.changes,
            "updated_at": max(moments, default=None),
            "merged_into": account_id(state.merged_into) if state.merged_into else "",
            "aliases": tuple(other.key for other in state.fills),
        }
    )


def objection(source: Account, target: Account | None) -> str:
    """Say why `source` cannot be merged into `target`; nothing if it can."""
    if target is None:
        return "the account to merge into does not exist"
    if source.key == target.key:
        return "an account cannot be merged into itself"
    if source.org_id != target.org_id:
        return "the accounts belong to different orgs"
    if source.merged_into:
        return f"it is merged into account {source.merged_into} already; unmerge it first"
    if source.aliases:
        return (
            f"{len(source.aliases)} accounts are merged into it; unmerge those, or merge the other way round"
        )
    if target.merged_into:
        return f"the other one is itself merged into account {target.merged_into}; name that one"
    if len(target.aliases) >= MOST_ALIASES:
        return f"{MOST_ALIASES} accounts are merged into the other one already"
    return ""


def store(state: MergeState, command: UpsertAccount, account: Account) -> Turn:
    """Take what a run says of the account; where the account is merged, pass it on to the target."""
    told = CREATED if account.revision == 1 else UPDATED
    if command.opportunity_id in ("", state.own.opportunity_id):
        if account.revision > state.own.revision:
            state = state.model_copy(update={"own": account, "last": command.id})
    else:
        told = UPDATED
        deals = joined(state.joined, document(state), command.opportunity_id, account)
        if tuple(deals) != state.joined:
            own, kept = folded(state.own, deals)
            after = {"own": own, "joined": kept, "joins": state.joins + 1, "last": command.id}
            state = state.model_copy(update=after)
    if not state.merged_into:
        return Turn(state=state, told=told, answered=True)
    sent = MergeAccounts(
        id=derived_id(FOLLOW, command.id, str(command.attempt), str(state.turn)),
        org_id=command.org_id,
        kind=FOLLOW,
        source_key=state.own.key,
        target_key=state.merged_into,
        turn=state.turn,
        source=_said(state),
        answering=command.model_copy(update={"account": None}),
        command_id=command.id,
    )
    return Turn(state=state, sends=(sent,))


def merge(state: MergeState, command: MergeAccounts, target: Account | None, at: datetime) -> Turn:
    """Merge the account into another. Asked again, it is told again; so a half that failed is made good."""
    if state.merged_into != command.target_key:
        if command.id in state.asked:
            return Turn(state=state, refused=state.refusal if command.id == state.last else "")
        why = objection(document(state), target)
        if why:
            return Turn(state=_asked(state, command.id, refusal=why), refused=why)
        state = _merged(state, command.target_key, command.id, at)
    else:
        state = _asked(state, command.id)
    return Turn(state=state, told=MERGED, sends=(_passed_on(state, command, ADOPT, state.merged_into),))


def unmerge(state: MergeState, command: MergeAccounts, at: datetime) -> Turn:
    """Undo a merge: the account is as its own run says by now. Asked again, it is told again."""
    if command.id in state.asked and command.id != state.last:
        return Turn(state=state)
    if not state.latest_target:
        why = "it is not merged"
        return Turn(state=_asked(state, command.id, refusal=why), refused=why)
    state = _asked(_apart(state, at) if state.merged_into else state, command.id)
    return Turn(state=state, told=UNMERGED, sends=(_passed_on(state, command, RELEASE, state.latest_target),))


def give_back(state: MergeState, command: MergeAccounts, at: datetime) -> Turn:
    """Undo a merge that the target would not have."""
    if command.id == state.last:
        return Turn(state=state, told=UNMERGED)
    if state.turn != command.turn or state.merged_into != command.target_key:
        return Turn(state=state)
    return Turn(state=_apart(state, at).model_copy(update={"last": command.id}), told=UNMERGED)


def adopt(state: MergeState, command: MergeAccounts, at: datetime) -> Turn:
    """Take an account in, or hear news of it: its key is an alias, and its values fill the blanks."""
    source = command.source
    known = state.turns.get(command.source_key, 0)
    if source is None or known > command.turn:
        return Turn(state=state, stale=True)
    before = next((other for other in state.fills if other.key == source.key), None)
    if before is None and known == command.turn:
        return Turn(state=state, stale=True)  # given back
    if before is None:
        why = objection(source.model_copy(update={"merged_into": "", "aliases": ()}), document(state))
        if why:
            turns = {**state.turns, source.key: command.turn}
            return Turn(
                state=state.model_copy(update={"turns": turns}), sends=(given_back(command, why),), stale=True
            )
        fills = (*state.fills, source)
    elif source.revision > before.revision:
        fills = tuple(source if other is before else other for other in state.fills)
    else:
        fills = state.fills
    after = state.model_copy(
        update={"fills": fills, "turns": {**state.turns, source.key: command.turn}, "last": command.id}
    )
    if filled(_said(after), fills) == filled(_said(state), state.fills) and len(fills) == len(state.fills):
        again = state.last == command.id or command.kind == ADOPT
        return Turn(state=after, told=UPDATED if again else "", answered=True)
    changed = after.model_copy(update={"changes": state.changes + 1, "changed_at": at})
    return Turn(state=changed, told=UPDATED, answered=True)


def release(state: MergeState, command: MergeAccounts, at: datetime) -> Turn:
    """Let an account go: its alias, and what it filled."""
    known = state.turns.get(command.source_key, 0)
    if known >= command.turn:
        return Turn(state=state, told=UPDATED if known == command.turn else "")
    left = tuple(other for other in state.fills if other.key != command.source_key)
    after = state.model_copy(
        update={"turns": {**state.turns, command.source_key: command.turn}, "last": command.id}
    )
    if len(left) == len(state.fills):
        return Turn(state=after)
    after = after.model_copy(update={"fills": left, "changes": state.changes + 1, "changed_at": at})
    return Turn(state=after, told=UPDATED)


def given_back(command: MergeAccounts, why: str) -> MergeAccounts:
    """Tell the source that the target would not have it."""
    return command.model_copy(
        update={
            "id": derived_id(GIVE_BACK, command.source_key, str(command.turn)),
            "kind": GIVE_BACK,
            "reason": why,
            "source": None,
            "answering": None,
        }
    )


def _said(state: MergeState) -> Account:
    """Give what the account's own deals say of it, whoever is merged into it."""
    said = together(state.own, state.joined)
    return said.model_copy(update={"revision": said.revision + state.joins})


def _merged(state: MergeState, target_key: str, command_id: str, at: datetime | None) -> MergeState:
    after = {
        "merged_into": target_key,
        "latest_target": target_key,
        "shown": _said(state),
        "turn": state.turn + 1,
        "changes": state.changes + 1,
        "changed_at": at,
    }
    return _asked(state.model_copy(update=after), command_id)


def _apart(state: MergeState, at: datetime) -> MergeState:
    after = {
        "merged_into": "",
        "shown": None,
        "turn": state.turn + 1,
        "changes": state.changes + 1,
        "changed_at": at,
    }
    return state.model_copy(update=after)


def _asked(state: MergeState, command_id: str, *, refusal: str = "") -> MergeState:
    others = tuple(asked for asked in state.asked if asked != command_id)
    after = {"asked": (*others, command_id)[-_ASKED:], "last": command_id, "refusal": refusal}
    return state.model_copy(update=after)


def _passed_on(state: MergeState, command: MergeAccounts, kind: str, target_key: str) -> MergeAccounts:
    return command.model_copy(
        update={
            "id": derived_id(kind, command.id),
            "kind": kind,
            "source_key": state.own.key,
            "target_key": target_key,
            "turn": state.turn,
            "source": _said(state) if kind == ADOPT else None,
            "command_id": command.id,
        }
    )
