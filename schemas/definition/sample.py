"""A sample: a made-up deal to try a workflow on, what people and sinks answer, and what should come of it."""

from typing import Annotated, Any

from pydantic import Field

from schemas.base import Moment, Part
from schemas.deal import Activity, Contact, Note
from schemas.definition.steps import Name

Value = str | int | float | bool | None


class Result(Part):
    """What a step's sink answers: an `error`, so many `times` (else for good), or an `output` of its own."""

    error: str = ""
    times: Annotated[int, Field(ge=1, le=50)] | None = None
    output: dict[str, str] = {}


class Expectation(Part):
    """What should come of the sample; what is not named is not looked at.

    `steps` are the ids of the steps that the run came by, in order. `account` holds fields of the account
    by dotted path (`csm.email`, `custom.tier`), `mails` the subjects of the mails.
    """

    outcome: str | None = None
    steps: tuple[str, ...] | None = None
    account: dict[str, Value] = {}
    mails: tuple[str, ...] | None = None


class Sample(Part):
    """One trial of one workflow. What `deal` and `company` do not say is that of the built-in sample deal.

    `answers` are those of people, by step: `approved`, `rejected`, `nobody` (it is not answered), the key of
    a choice, or a form's values by field. `later` is what the deal becomes while the run waits for a change.
    """

    title: str = ""
    workflow: Name | None = None
    at: Moment | None = None
    stage: str = ""
    previous_stage: str | None = None
    deal: dict[str, Any] = {}
    company: dict[str, Any] = {}
    contacts: tuple[Contact, ...] | None = None
    notes: tuple[Note, ...] | None = None
    activities: tuple[Activity, ...] | None = None
    answers: dict[Name, str | dict[str, Value]] = {}
    results: dict[Name, Result] = {}
    later: dict[str, Any] = {}
    expect: Expectation | None = None
