"""Names of a run's variables: what steps compute and people answer, spoken of as `vars.NAME`."""

from typing import Annotated

from pydantic import StringConstraints

VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""Lower case letters, digits and underscores, beginning with a letter; 63 characters at the most."""


def variable_of(step_id: str) -> str:
    """Give the variable that holds a step's own outcome: its id, with underscores for dashes."""
    return step_id.replace("-", "_")
