"""Which failure a mail meets: a script of rules, by recipient and by moment."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CUT", "Fault", "Faults", "Moment"]

CUT = "cut"


class Moment(StrEnum):
    """When a fault strikes."""

    RECIPIENT = "recipient"
    """At RCPT TO, for this recipient alone."""

    CONTENT = "content"
    """After the final dot; the mail is not kept."""

    KEPT = "kept"
    """After the final dot; the mail is kept, but the sender does not learn it."""


class Fault(BaseModel):
    """One rule: for these recipients, at this moment, this answer, so many times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipient: str = Field("*", description="Which recipients, as a shell pattern in lower case.")
    at: Moment = Moment.RECIPIENT
    reply: str = Field(
        CUT,
        pattern=r"^(cut|[45]\d\d .+)$",
        description="The answer, such as `451 4.7.1 come back later`; `cut` ends the connection without one.",
    )
    times: int = Field(0, ge=0, description="How often each recipient meets it; 0 is always.")


class Faults:
    """Rules, and how often each recipient has met each of them since this was made."""

    def __init__(self, rules: Sequence[Fault] = ()) -> None:
        self._rules = tuple(rules)
        self._met: Counter[tuple[Fault, str]] = Counter()

    def strike(self, at: Moment, recipients: Sequence[str]) -> str | None:
        """Return the answer of the first rule that applies now, counting it; None if all is well."""
        for rule in self._rules:
            for recipient in map(str.lower, recipients):
                if rule.at is not at or not fnmatchcase(recipient, rule.recipient):
                    continue
                if rule.times == 0 or self._met[rule, recipient] < rule.times:
                    self._met[rule, recipient] += 1
                    return rule.reply
        return None
