"""Who wanted what changed: the public record of every change that was asked for over HTTP."""

from typing import ClassVar

from schemas.base import Moment, Record

ASKED = "asked"
DENIED = "denied"
FAILED = "failed"


class AuditRecord(Record):
    """One word about one change.

    `actor` is who wanted it, known by `vouched` (`token:NAME`, `oidc`). `action` is what (`task.approve`,
    `run.retry`, `dead-letter.redrive`) and `on` the id of what it is about: a run, a task, a letter or work
    on several, an account, a person who is paused. `outcome` is `asked`, which is in Kafka before the change
    is begun; then how it went: `done`, `refused`, `under way` (the engine's answer is an event that
    `command_id` caused), `stopped` (long work, by a person), `failed` (nobody knows whether it was said, or
    how much of it was done), or `denied` by role, which no `asked` precedes. Never holds what was written: no
    reasons, no form values. Delivered at least once.
    """

    ce_type: ClassVar[str] = "dealwire.audit"

    at: Moment | None = None
    actor: str = ""
    vouched: str = ""
    action: str = ""
    on: str = ""
    outcome: str = ASKED
    request_id: str = ""
    command_id: str = ""
