"""What is told of a deal that was read back: the changes that the lost events would have been. Pure.

Their ids and moments come from the deal's history and its own dates, as those of polling do, so that an
entry that was heard before, or is heard again, is the same one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from connectors.salesforce.polling.entries import STAMPS_DIFFER, changes, entered
from connectors.salesforce.polling.position import literal
from connectors.salesforce.polling.rows import Deal, Move
from schemas.change import Change
from schemas.ids import derived_id

__all__ = ["TRANSPORT", "may_have_moved", "told", "told_of_gap"]

TRANSPORT = "readback"
_FATES = {"GAP_DELETE": "DELETE", "GAP_UNDELETE": "UNDELETE"}


def may_have_moved(deal: Deal, since: datetime, *, dated: bool) -> bool:
    """Whether a deal's history must be read to know which stages it entered since a moment.

    `dated` says that the date of its last entry may be read.
    """
    last = deal.stage_since or deal.created
    return not dated or last >= since - STAMPS_DIFFER


def told(
    deal: Deal, moves: Sequence[Move], since: datetime, *, org_id: str, channel: str, position: str
) -> tuple[Change, ...]:
    """Give every stage that a deal entered since a moment, oldest first; else that it was touched."""
    new = [each for each in entered(deal, moves) if each.at >= since - STAMPS_DIFFER]
    return changes(deal, new, org_id=org_id, channel=channel, position=position, transport=TRANSPORT)


def told_of_gap(gap: Change, deal: Deal | None, moves: Sequence[Move], since: datetime) -> tuple[Change, ...]:
    """Give what is told of a deal in place of one change that said nothing.

    The gap itself says that the deal was deleted or came back; a deal that is gone for good tells no more.
    """
    found: list[Change] = []
    if deal is not None:
        found += told(deal, moves, since, org_id=gap.org_id, channel=gap.channel, position=gap.replay_id)
    if (fate := _FATES.get(gap.change_type)) and (fate == "DELETE" or deal is not None):
        found.append(_fate(gap, fate, deal))
    return tuple(sorted(found, key=lambda each: each.commit_time or datetime.min.replace(tzinfo=UTC)))


def _fate(gap: Change, kind: str, deal: Deal | None) -> Change:
    body = {}
    if kind == "UNDELETE" and deal is not None:
        since = literal(deal.stage_since or deal.created)
        body = {"Name": deal.name, "StageName": deal.stage, "LastStageChangeDate": since}
    computed, said = derived_id("read back", gap.id), orjson.dumps(body)
    return gap.model_copy(update={"id": computed, "change_type": kind, "transport": TRANSPORT, "body": said})
