"""The table `accounts`, the same on SQLite and PostgreSQL, and how an account stands in it.

Money is exact: `NUMERIC(24, 4)` on PostgreSQL, and on SQLite, which knows no decimals, text with four
decimals. Times are UTC. The parts of an account that have a shape of their own are JSON.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Date,
    Dialect,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    TypeDecorator,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from connectors.sql.types import UtcMoment
from schemas.account import Account
from schemas.account_traits import NAME_PREFIX, traits
from schemas.errors import RefusedError

_PRECISION, _SCALE = 24, 4


class ExactMoney(TypeDecorator[Decimal]):
    """An amount that is read back as it was written."""

    impl = Numeric(_PRECISION, _SCALE)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose text where the database has no decimals."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric(_PRECISION, _SCALE))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write an amount."""
        return f"{value:.{_SCALE}f}" if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, _dialect: Dialect) -> Decimal | None:
        """Read an amount."""
        return None if value is None else Decimal(value)


def _part() -> JSON:
    return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _added() -> dict[str, bool]:
    """Mark a column that a later release brought: a table without it gets it."""
    return {"added": True}


metadata = MetaData()

name_start: ColumnElement[str] = literal_column(f"substr(name_key, 1, {NAME_PREFIX})")
"""What names are looked up by, as it stands in the index; independent of the database's collation."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("opportunity_id", Text, nullable=False),
    Column("salesforce_account_id", Text),
    Column("name", Text, nullable=False),
    Column("company_name", Text),
    Column("arr", ExactMoney),
    Column("currency", Text),
    Column("close_date", Date),
    Column("ae_email", Text),
    Column("primary_contact", _part()),
    Column("website", Text),
    Column("industry", Text),
    Column("size", Integer),
    Column("csm", _part()),
    Column("template", _part()),
    Column("custom", _part(), nullable=False),
    Column("run_id", Text, nullable=False),
    Column("updated_at", UtcMoment),
    Column("created_by", Text, nullable=False, comment="the idempotency key that created the account"),
    Column("merged_into", Text, nullable=False, server_default="", info=_added()),
    Column("aliases", _part(), info=_added()),
    # Computed from the account (`schemas.account_traits`); empty where it has nothing of the kind.
    Column("domain", Text, info=_added()),
    Column("name_key", Text, info=_added()),
    Index("accounts_by_salesforce_account", "org_id", "salesforce_account_id"),
    Index("accounts_by_domain", "org_id", "domain"),
    Index("accounts_by_name", "org_id", name_start),
)

_PARTS = ("primary_contact", "csm", "template", "custom", "aliases")


def to_row(account: Account, idempotency_key: str) -> dict[str, Any]:
    """Give the row of an account. Raises `RefusedError` when its amount does not fit the column."""
    _check_money(account)
    row = {name: getattr(account, name) for name in Account.model_fields if name not in _PARTS}
    parts = account.model_dump(mode="json", include=set(_PARTS))
    return {**row, **parts, **searchable(account), "created_by": idempotency_key}


def searchable(account: Account) -> dict[str, str]:
    """Give the columns that look-alikes are found by."""
    found = traits(account)
    return {"domain": found.domain, "name_key": found.name_key}


def from_row(row: Mapping[str, Any]) -> Account:
    """Give the account of a row."""
    fields = {name: row[name] for name in Account.model_fields}
    return Account.model_validate({**fields, "aliases": fields["aliases"] or ()})


def _check_money(account: Account) -> None:
    arr = account.arr
    if arr is None:
        return
    if not arr.is_finite() or arr.adjusted() >= _PRECISION - _SCALE or arr != round(arr, _SCALE):
        raise RefusedError(
            f"arr {arr} has more than {_PRECISION - _SCALE} digits before the point or {_SCALE} after it",
            on=f"account {account.id}",
            todo="Round the amount in the field mapping.",
        )
