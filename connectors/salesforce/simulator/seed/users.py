"""The people who work in the org: a vice president, managers, sales people, customer success managers."""

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.seed.base import user_row
from connectors.salesforce.simulator.seed.garden import Garden

if TYPE_CHECKING:
    from connectors.salesforce.simulator.objects import Value

__all__ = ["plant_users"]

_MANAGERS, _REPS, _CSMS = 2, 8, 2
_YEAR = timedelta(days=365)


def plant_users(garden: Garden) -> None:
    """Plant thirteen users, which with the two there are makes fifteen licences. One has left the company."""
    head = _user(garden, "VP Sales", None)
    managers = [_user(garden, "Sales Manager", head) for _ in range(_MANAGERS)]
    garden.reps = [
        _user(garden, "Account Executive", managers[number % _MANAGERS], active=number != _REPS - 1)
        for number in range(_REPS)
    ]
    garden.csms = [_user(garden, "Customer Success Manager", head) for _ in range(_CSMS)]


def _user(garden: Garden, title: str, manager: str | None, *, active: bool = True) -> str:
    first = garden.chance.choice(garden.pools.first_names)
    last = garden.chance.choice(garden.pools.last_names)
    role = next((str(row["Id"]) for row in garden.org.rows("UserRole") if row["Name"] == title), None)
    by, made = garden.org.admin_id, garden.now - _YEAR
    if role is None:
        name: dict[str, Value] = {"Name": title, "DeveloperName": title.replace(" ", "_")}
        role = garden.put("UserRole", name, by, made)
    user_id = garden.put("User", {"UserRoleId": role}, by, made)
    domain = f"{garden.org.org_id[:15].lower()}.example"
    # The end of the id keeps two people of one name apart.
    mail = f"{first}.{last}.{user_id[12:15]}@{domain}".lower()
    row = dict(garden.org.store.get("User", user_id) or {})
    row |= user_row(user_id, first, last, mail) | {"Title": title, "IsActive": active}
    if manager is not None:
        row["ManagerId"] = manager
    garden.org.store.put("User", row)
    return user_id
