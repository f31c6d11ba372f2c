"""What a login may do of what is needed: the API, stages, fields, change events, limits. Some seven calls."""

from dataclasses import dataclass

from connectors.salesforce.composite import query_path
from connectors.salesforce.describe import describe, limits, stages
from connectors.salesforce.lookup_query import OBJECTS, build
from connectors.salesforce.rest import RestClient
from schemas.errors import RefusedError, UnavailableError

__all__ = ["Check", "Findings", "look"]

_ORG = "SELECT Name, OrganizationType, IsSandbox FROM Organization"
_NEEDED = frozenset(["Id", "Name", "StageName", "OwnerId", "AccountId"])
_PERMIT = "A Salesforce administrator gives the integration user's permission set"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. What is not `needed` is missed, and the pipeline runs without it."""

    name: str
    ok: bool
    said: str
    todo: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Findings:
    """What kind of org it is, and all checks; an org whose API is closed has one."""

    org_name: str
    edition: str
    is_sandbox: bool
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether everything needed is there."""
        return all(each.ok or not each.needed for each in self.checks)


async def look(rest: RestClient) -> Findings:
    """Look. Raises `UnavailableError` where the org does not answer."""
    try:
        answer = await rest.call("GET", query_path(_ORG))
        row = answer["records"][0]
        name, edition, sandbox = str(row["Name"]), str(row["OrganizationType"]), bool(row["IsSandbox"])
    except RefusedError as error:
        todo = error.todo or f"{_PERMIT} API Enabled."
        return Findings("", "", False, (Check("API", False, error.what, todo),))
    except (KeyError, IndexError, TypeError) as error:
        raise UnavailableError("the org answers no Organization", on=rest.base) from error
    checks = (
        Check("API", True, f"on, {rest.base.rstrip('/').rpartition('/')[2]}"),
        await _stages(rest),
        *await _fields(rest),
        await _change_events(rest),
        await _limits(rest),
    )
    return Findings(name, edition, sandbox, checks)


async def _stages(rest: RestClient) -> Check:
    try:
        found = await stages(rest)
    except RefusedError as error:
        return Check("stages", False, error.what, f"{_PERMIT} read access to Opportunity.")
    return Check("stages", bool(found), f"{len(found)} readable")


async def _fields(rest: RestClient) -> tuple[Check, ...]:
    described = await describe(rest, OBJECTS)
    deal = described.get("Opportunity")
    if deal is None:
        todo = f"{_PERMIT} read access to Opportunity, Account and Contact."
        return (Check("fields", False, "Opportunity is not readable", todo),)
    hidden = [each for each in sorted(_NEEDED) if deal.find(each) is None]
    missed = [each for each in build(described, ()).unreadable if each not in hidden]
    known = f"{len(deal.types)} of Opportunity readable"
    first = (
        Check("fields", False, f"hidden: {', '.join(hidden)}", f"{_PERMIT} read access to them.")
        if hidden
        else Check("fields", True, known)
    )
    more = f"{_PERMIT} read access to them, or accounts do without."
    return (first, Check("other fields", False, f"hidden: {', '.join(missed)}", more, needed=False))[
        : 1 + bool(missed)
    ]


async def _change_events(rest: RestClient) -> Check:
    """Ask for the event's description, which an org without change events does not have."""
    try:
        await rest.call("GET", "sobjects/OpportunityChangeEvent/describe")
    except RefusedError:
        return Check(
            "change events",
            False,
            "not there: the edition has none, or the user may not see Opportunity",
            'Set source = "poll" for this org, or buy them.',
            needed=False,
        )
    return Check("change events", True, "Opportunity can be selected")


async def _limits(rest: RestClient) -> Check:
    left = await limits(rest)
    if left is None or left.api_calls_left is None:
        todo = f"{_PERMIT} View Setup and Configuration, so that we can keep within limits."
        return Check("limits", False, "cannot be read", todo, needed=False)
    events = "" if left.events_left is None else f", {left.events_left} events"
    return Check("limits", left.api_calls_left > 0, f"{left.api_calls_left} API calls{events} left today")
