"""Who may do what over HTTP, by role."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody may do: look, correct runs, answer tasks, or all of it. Each may look."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"
