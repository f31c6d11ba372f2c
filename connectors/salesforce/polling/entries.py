"""Which stages a deal entered, from its history and its own dates; and the changes that tell of it. Pure.

A deal says only where it is; its history says where it was, so that one that moved twice between two polls
tells of both. The stage it is in now has the moment of LastStageChangeDate, as a change event of it has; one
it has left since has that of its row, which the org may stamp up to two seconds beside.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import orjson

from connectors.salesforce.polling.position import literal
from connectors.salesforce.polling.rows import Deal, Move
from schemas.change import Change
from schemas.ids import change_id

__all__ = ["STAMPS_DIFFER", "Entered", "changes", "entered"]

STAMPS_DIFFER = timedelta(seconds=5)
"""How far apart an org may stamp a stage's entry and the row of the history that tells of it."""

_CAUSES = "poll"
_ENTITY = "Opportunity"


@dataclass(frozen=True, slots=True)
class Entered:
    """A stage that a deal entered. `cause` names the row of the history, or the date, that says so."""

    cause: str
    stage: str
    at: datetime
    created: bool = False
    is_row: bool = True


def entered(deal: Deal, moves: Sequence[Move]) -> list[Entered]:
    """Give every stage that a deal is known to have entered, oldest first; `moves` is its whole history."""
    found = list(_from_history(deal, moves))
    since = deal.stage_since
    if since is None:
        return found
    for index in reversed(range(len(found))):
        if found[index].stage == deal.stage and abs(found[index].at - since) <= STAMPS_DIFFER:
            found[index] = replace(found[index], at=since)
            return found
    # The org keeps no row of it, or shows us none.
    return [*found, Entered(f"{deal.stage} since {literal(since)}", deal.stage, since, is_row=False)]


def _from_history(deal: Deal, moves: Sequence[Move]) -> Iterator[Entered]:
    # A first row that is not of the deal's beginning follows others that are gone: it may mean an amount.
    if moves and abs(moves[0].at - deal.created) <= STAMPS_DIFFER:
        yield Entered(moves[0].id, moves[0].stage, deal.created, created=True)
    for before, move in pairwise(moves):
        if move.stage != before.stage:
            yield Entered(move.id, move.stage, move.at)


def changes(
    deal: Deal,
    new: Iterable[Entered],
    *,
    org_id: str,
    channel: str,
    position: str,
    transport: str = "poll",
) -> tuple[Change, ...]:
    """Give what is told of a deal that was touched: the stages it entered, else that it changed at all.

    What else changed is not known. A deal in the recycle bin tells that last. `transport` is how it was
    found out; the ids are the same for all.
    """

    def told(kind: str, cause: str, at: datetime, fields: tuple[str, ...], **body: str) -> Change:
        return Change(
            id=change_id(org_id, _ENTITY, f"{_CAUSES} {cause}", 0, deal.id),
            org_id=org_id,
            entity=_ENTITY,
            record_id=deal.id,
            change_type=kind,
            changed_fields=fields,
            commit_time=at,
            channel=channel,
            replay_id=position,
            transport=transport,
            body=orjson.dumps(body),
        )

    found: list[Change] = []
    for each in new:
        date = "CreatedDate" if each.created else "LastStageChangeDate"
        kind, fields = ("CREATE", ()) if each.created else ("UPDATE", ("StageName", date))
        body = {"Name": deal.name, "StageName": each.stage, date: literal(each.at)}
        if each.is_row:
            body["OpportunityHistoryId"] = each.cause
        found.append(told(kind, each.cause, each.at, fields, **body))
    touched = literal(deal.touched)
    if deal.is_deleted:
        found.append(told("DELETE", f"deleted {touched}", deal.touched, ()))
    elif not found:
        modified = literal(deal.modified)
        body = {"Name": deal.name, "LastModifiedDate": modified}
        found.append(told("UPDATE", f"touched {touched}", deal.touched, ("LastModifiedDate",), **body))
    return tuple(found)
