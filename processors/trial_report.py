"""What came of a trial, as programs are told of it."""

from typing import Any

from processors.what_if import Trial

ALWAYS = (
    "The deal enters the first of the trigger's stages, just now, by a change.",
    "Sinks answer at once. Nothing was written and no mail was sent.",
)
"""What is assumed in every trial."""


def report(workflow: str, trial: Trial) -> dict[str, Any]:
    """Give one trial of a workflow in values that JSON has."""
    account = trial.run.account if trial.run is not None else None
    return {
        "workflow": workflow,
        "outcome": trial.outcome,
        "steps": trial.path,
        "mails": [
            each.model_dump(mode="json", include={"to", "cc", "subject", "text"}) for each in trial.mails
        ],
        "published": [each.model_dump(mode="json", include={"topic", "values"}) for each in trial.published],
        "account": account.model_dump(mode="json") if account is not None else None,
        "assumed": [*trial.assumed, *ALWAYS],
        "events": [each.model_dump(mode="json", exclude_defaults=True) for each in trial.events],
    }
