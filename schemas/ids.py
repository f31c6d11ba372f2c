"""Ids computed from their cause, so that a replay computes the same ones.

Every function here is pure: equal causes give equal ids, whichever process, transport or attempt asks.
Salesforce ids are kept in their 18-character form, which tells records apart whatever a database does with
case (Salesforce Object Reference, "ID Field Type").
"""

import re
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.errors import UnreadableError

_NAMESPACE: UUID = uuid5(NAMESPACE_URL, "https://dealwire.dev/ids")
_SALESFORCE_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?", re.ASCII)
_CHECK_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def is_salesforce_id(text: str) -> bool:
    """Whether `text` has the form of a record id; nothing else may be put into a URL or a query as one."""
    return _SALESFORCE_ID.fullmatch(text) is not None


def id18(text: str) -> str:
    """Give the 18-character form of a record id.

    The last three characters say which of the first fifteen are upper case, in three groups of five.
    Raises `UnreadableError` for text that is no record id, or whose check characters are wrong.
    """
    if not is_salesforce_id(text):
        raise UnreadableError(
            f"{text[:40]!r} is not a Salesforce record id", todo="Give the 15 or 18 characters of one."
        )
    base = text[:15]
    suffix = "".join(
        _CHECK_CHARACTERS[sum(1 << bit for bit, char in enumerate(base[start : start + 5]) if char.isupper())]
        for start in (0, 5, 10)
    )
    if len(text) == len(base):
        return base + suffix
    if text[15:].upper() != suffix:
        raise UnreadableError(f"the record id {text} has wrong check characters; expected {base + suffix}")
    return base + suffix


def _computed(kind: str, *cause: str) -> str:
    # Each part carries its length, so that no two causes can run together into the same text.
    return str(uuid5(_NAMESPACE, kind + "".join(f"|{len(part)}:{part}" for part in cause)))


def record_key(org_id: str, record_id: str) -> str:
    """Give the Kafka key of everything about one record of one org."""
    return f"{org_id}:{record_id}"


def change_id(org_id: str, entity: str, transaction_key: str, sequence_number: int, record_id: str) -> str:
    """Identify one change of one record.

    Replay ids play no part, since they do not outlive an org migration.
    """
    return _computed("change", org_id, entity, transaction_key, str(sequence_number), record_id)


def stage_entry_id(org_id: str, opportunity_id: str, stage: str, moment: datetime) -> str:
    """Identify the fact that an opportunity entered a stage, by whichever way it was heard."""
    return _computed(
        "stage-entry", org_id, opportunity_id, stage, str(int(moment.astimezone(UTC).timestamp()))
    )


def run_id(workflow_id: str, org_id: str, opportunity_id: str, enrolment_key: str) -> str:
    """Identify a run.

    The enrolment key is what the workflow enrols once for: the opportunity, or a stage entry.
    """
    return _computed("run", workflow_id, org_id, opportunity_id, enrolment_key)


def effect_id(run: str, step: str, visit: int, part: str = "") -> str:
    """Identify one effect of one step of a run: the command's id and its idempotency key at the sink.

    A retry keeps it; only a forced rerun raises `visit`. `part` tells effects of the same step apart.
    """
    return _computed("effect", run, step, str(visit), part)


def account_id(account_key: str) -> str:
    """Identify the account that a deal becomes; a second create is the same account."""
    return _computed("account", account_key)


def event_id(run: str, sequence: int) -> str:
    """Identify one event of a run's history."""
    return _computed("run-event", run, str(sequence))


def derived_id(kind: str, *cause: str) -> str:
    """Identify anything else by what it is and what caused it."""
    return _computed(kind, *cause)


def message_id(command_id: str, domain: str) -> str:
    """Give the Message-ID of a mail; a resend of the same command carries the same one."""
    return f"<{command_id}@{domain}>"
