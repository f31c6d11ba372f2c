"""Trials of drafts as requests and replies speak of them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from streams.api.definition_files import DefinitionFiles, Yaml
from streams.api.texts import Text
from streams.api.undertakings import Undertaking

OpportunityId = Annotated[str, StringConstraints(pattern=r"^(006[A-Za-z0-9]{12}([A-Za-z0-9]{3})?)?$")]


class TrialRequest(DefinitionFiles):
    """A draft, and what to try it on: samples, one live deal of an org, or the deals of so many days."""

    workflow: Text = Field("", description="Which workflow, where the files have several.")
    samples: Yaml = Field("", description="Samples in YAML, with what is expected of each.")
    opportunity: OpportunityId = Field("", description="One live deal, by its Salesforce id; only read.")
    org: Text = Field("", description="The org of the live deal, by its name in the settings.")
    days: int = Field(0, ge=0, le=400, description="The deals recorded in so many days.")


class TrialLine(BaseModel):
    """What came of one trial: the way that the run took, what would have been sent, what was assumed.

    `unmet` says what a sample expected and did not get.
    """

    title: str
    workflow: str
    outcome: str
    steps: tuple[str, ...]
    mails: list[dict[str, Any]]
    published: list[dict[str, Any]]
    account: dict[str, Any] | None
    assumed: list[str]
    events: list[dict[str, Any]]
    unmet: tuple[str, ...] = ()


class TrialAnswer(BaseModel):
    """What came of each; `as_expected` where no sample got anything else than it expected."""

    as_expected: bool
    trials: list[TrialLine]


class ComparedLine(BaseModel):
    """So many recorded deals that ended one way, and would have ended another one with the draft.

    `parting` is the first step in which the ways differ; the deal and the run are one example of them.
    """

    count: int
    kind: Literal["same", "outcome", "branch", "not compared"]
    really: str
    draft: str
    parting: str
    opportunity_id: str
    run_id: str


class TrialWork(Undertaking):
    """A draft that is tried on recorded deals. `rows` is what came of it, differences first."""

    since: datetime
    unreadable: int = 0
    rows: tuple[ComparedLine, ...] = ()
