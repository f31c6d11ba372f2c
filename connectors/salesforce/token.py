"""What a login gives: the token every call carries, and where and for which org it is good."""

from dataclasses import dataclass, field

__all__ = ["Token"]


@dataclass(frozen=True, slots=True)
class Token:
    """A session of one org. The token itself is not shown in logs or errors.

    `instance_url` has no slash at its end; `org_id` has 18 characters.
    """

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str
