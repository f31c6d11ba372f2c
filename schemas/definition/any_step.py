"""Every type of step there is."""

from typing import Annotated

from pydantic import Field

from schemas.definition.flow import Publish, SetVariables, Wait, WriteBrief
from schemas.definition.people import Approval, Form
from schemas.definition.steps import ApplyTemplate, AssignCsm, Condition, CreateAccount, End, SendEmail

AnyStep = Annotated[
    CreateAccount
    | Condition
    | AssignCsm
    | ApplyTemplate
    | Form
    | Approval
    | SendEmail
    | Wait
    | SetVariables
    | Publish
    | WriteBrief
    | End,
    Field(discriminator="type"),
]
