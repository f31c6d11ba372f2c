"""Which role may use which route: one table. A route that is not in it cannot be made."""

from collections.abc import Mapping

from schemas.access import Role

EVERYBODY = frozenset(Role)
CORRECTING = frozenset({Role.OPERATOR, Role.ADMIN})
ANSWERING = frozenset({Role.APPROVER, Role.ADMIN})
AUDITING = frozenset({Role.ADMIN})
RULING = frozenset({Role.ADMIN})
"""Who may say which workflows are in force."""
FORCING = frozenset({Role.ADMIN})
"""Who may say a command with `force`: answer in another's place, or have effects repeated."""

ALLOWED: Mapping[tuple[str, str], frozenset[Role]] = {
    ("GET", "/v1/runs"): EVERYBODY,
    ("GET", "/v1/runs/{run_id}"): EVERYBODY,
    ("POST", "/v1/runs/{run_id}/commands"): CORRECTING,
    ("GET", "/v1/tasks"): EVERYBODY,
    ("GET", "/v1/tasks/{task_id}"): EVERYBODY,
    ("POST", "/v1/tasks/{task_id}/commands"): ANSWERING,
    ("GET", "/v1/events"): EVERYBODY,
    ("GET", "/v1/explanations/{about}"): CORRECTING,
    ("GET", "/v1/workflows"): EVERYBODY,
    ("GET", "/v1/workflows/{name}"): EVERYBODY,
    ("POST", "/v1/workflows/{name}/commands"): RULING,
    ("POST", "/v1/definition-checks"): CORRECTING,
    ("POST", "/v1/trials"): CORRECTING,
    ("GET", "/v1/trials/{trial_id}"): CORRECTING,
    ("POST", "/v1/trials/{trial_id}/stop"): CORRECTING,
    ("GET", "/v1/queues"): EVERYBODY,
    ("GET", "/v1/queues/{name}"): EVERYBODY,
    ("POST", "/v1/absences"): CORRECTING,
    ("GET", "/v1/accounts"): EVERYBODY,
    ("GET", "/v1/accounts/{account}"): EVERYBODY,
    ("POST", "/v1/accounts/{account}/commands"): CORRECTING,
    ("GET", "/v1/account-duplicates"): EVERYBODY,
    ("GET", "/v1/dead-letters"): EVERYBODY,
    ("GET", "/v1/dead-letters/{letter_id}"): CORRECTING,
    ("POST", "/v1/dead-letter-work"): CORRECTING,
    ("GET", "/v1/dead-letter-work/{work_id}"): CORRECTING,
    ("POST", "/v1/dead-letter-work/{work_id}/stop"): CORRECTING,
    ("GET", "/v1/audit"): AUDITING,
    ("GET", "/metrics"): EVERYBODY,
}
OPEN = frozenset({("GET", "/live"), ("GET", "/ready"), ("GET", "/tasks/{link}"), ("POST", "/tasks/{link}")})
"""What anybody may ask without a name; a link to a task names who follows it."""
