"""Accounts as requests and replies speak of them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from processors.matching import By
from schemas.account import Account, Csm
from streams.api.texts import Prose, Text


class AccountFilters(BaseModel):
    """What an account must have to be listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text = Field("", description="Only those whose or whose company's name has this in it.")
    org: Text = Field("", description="Only accounts of this org (18 characters).")
    merged: bool = Field(
        default=False, description="Those that were merged into another one; else the others."
    )
    limit: int = Field(50, ge=1, le=500, description="At most this many, by key.")
    after: Text = Field("", description="The `after` of the page before.")


class AccountLine(BaseModel):
    """An account in one line. `merged_into` is the id of the one to go by; `aliases` are keys."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    key: str
    org_id: str
    opportunity_id: str
    name: str
    company_name: str | None
    csm: Csm | None
    revision: int
    updated_at: datetime | None
    merged_into: str
    aliases: tuple[str, ...]


class AccountPage(BaseModel):
    """One page of accounts; `after` asks for the next one, and is null on the last."""

    accounts: list[AccountLine]
    after: str | None


class DuplicateFilters(BaseModel):
    """Which page of which look-alikes is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    org: Text = Field("", description="Only accounts of this org (18 characters).")
    limit: int = Field(50, ge=1, le=500, description="At most this many groups, the surest first.")
    after: int = Field(0, ge=0, le=10**9, description="The `after` of the page before.")


class DuplicateGroup(BaseModel):
    """Accounts that are probably one customer: by what, and how sure that is (up to 1)."""

    by: tuple[By, ...]
    score: float
    accounts: list[AccountLine]


class DuplicatePage(BaseModel):
    """One page of look-alikes; `after` asks for the next one, and is null on the last.

    They are compared anew for each page, so between two pages a group may move.
    """

    groups: list[DuplicateGroup]
    after: int | None


class AccountCommand(BaseModel):
    """What is wanted of an account: that it becomes one `into` another, or its own again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Literal["merge", "unmerge"]
    into: Text = Field("", description="Of a merge, the account that stays: its whole key or id.")
    reason: Prose = Field("", description="Why; told with the fact.")
    dry_run: bool = Field(default=False, description="Say what would be done, and do nothing.")


class AccountAnswer(BaseModel):
    """What became of a command: `done`, `under way` while nobody has answered, or `would be` in a dry run.

    `after` is the account that stays, as a dry run of a merge foresees it.
    """

    command_id: str = ""
    outcome: Literal["done", "under way", "would be"]
    after: Account | None = None
