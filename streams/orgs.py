"""Asks a connected org what definitions may speak of. It only reads: four API calls at most."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.salesforce.describe import Stage, describe, stages
from connectors.salesforce.rest import RestClient
from processors.lint_org import OrgFacts
from schemas.errors import UsageError
from streams.org_access import org_access
from streams.settings import Settings

_OBJECTS = ("Opportunity", "Account")


@asynccontextmanager
async def connected_org(settings: Settings, name: str) -> AsyncIterator[RestClient]:
    """Connect to an org by its name in the settings. Raises `UsageError` for one that is not there."""
    if name not in settings.orgs:
        known = ", ".join(sorted(settings.orgs)) or "none"
        raise UsageError(f"no org {name!r} is connected", todo=f"Give --org one of: {known}.")
    access = org_access(settings, name)
    rest = RestClient(access.config, access.tokens)
    try:
        yield rest
    finally:
        await rest.close()


async def org_stages(settings: Settings, name: str) -> tuple[Stage, ...]:
    """Give an org's active stages in their order. Raises `UnavailableError` or `RefusedError`."""
    async with connected_org(settings, name) as rest:
        return await stages(rest)


async def org_facts(settings: Settings, name: str) -> OrgFacts:
    """Give what lint holds definitions to. Raises `UnavailableError` or `RefusedError`."""
    async with connected_org(settings, name) as rest:
        described = await describe(rest, _OBJECTS)
        known = tuple(stage.name for stage in await stages(rest))
        fields = {entity: frozenset(each.types) for entity, each in described.items()}
        return OrgFacts(await rest.org_id(), name, known, fields)
