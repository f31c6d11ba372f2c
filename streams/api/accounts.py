"""`/v1/accounts`: which there are, and which of them are probably the same customer."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from schemas.account import Account
from streams.api.account_bodies import (
    AccountFilters,
    AccountLine,
    AccountPage,
    DuplicateFilters,
    DuplicateGroup,
    DuplicatePage,
)
from streams.api.guard import GuardedRoute
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import KEPT, is_known, tag, tagged, unchanged

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["accounts"])

AccountName = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9:-]{1,64}$", description="The account's whole key or id.")
]
Asked = Annotated[Services, Depends(services_of)]


@router.get("/accounts", summary="List accounts", response_model=AccountPage)
async def list_accounts(filters: Annotated[AccountFilters, Query()], services: Asked) -> Any:
    """List accounts by key, as the public topic tells of them. No sink is asked."""
    wanted = filters.name.casefold()
    found = sorted(
        (
            account
            for account in (await services.accounts.accounts()).values()
            if account.key > filters.after
            and filters.org in ("", account.org_id)
            and wanted in f"{account.name}\n{account.company_name or ''}".casefold()
            and bool(account.merged_into) is filters.merged
        ),
        key=lambda account: account.key,
    )
    page = found[: filters.limit]
    return {"accounts": _lines(page), "after": page[-1].key if len(found) > len(page) else None}


@router.get("/accounts/{account}", summary="Show an account whole", response_model=Account, **KEPT)
async def show_account(account: AccountName, request: Request, response: Response, services: Asked) -> Any:
    """Show an account as it stands. Its entity tag is its revision."""
    found = one_account(await services.accounts.accounts(), account)
    if is_known(request, tag_of(found)):
        return unchanged(tag_of(found))
    response.headers.update(tagged(tag_of(found)))
    return found


@router.get("/account-duplicates", summary="List look-alikes", response_model=DuplicatePage)
async def list_duplicates(filters: Annotated[DuplicateFilters, Query()], services: Asked) -> Any:
    """List accounts that are probably one customer: same Salesforce account, web domain or like name."""
    found = await services.accounts.duplicates(filters.org)
    end = filters.after + filters.limit
    groups = [
        DuplicateGroup(by=group.by, score=group.score, accounts=_lines(group.accounts))
        for group in found[filters.after : end]
    ]
    return {"groups": groups, "after": end if len(found) > end else None}


def one_account(accounts: Mapping[str, Account], name: str) -> Account:
    """Give the account with this very key or id. Raises a `ProblemError` (404) where there is none."""
    found = accounts.get(name) or next((each for each in accounts.values() if each.id == name), None)
    if found is None:
        raise ProblemError(404, "There is no such account.")
    return found


def tag_of(account: Account) -> str:
    """Give an account's entity tag."""
    return tag(str(account.revision))


def _lines(accounts: Any) -> list[AccountLine]:
    return [AccountLine.model_validate(account) for account in accounts]
