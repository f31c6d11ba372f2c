"""Data to begin with: companies, people and deals as an org that has been in use for a year has them.

The same seed and the same clock give the same data. Faker is asked for a pool of words once; people and
companies are combined out of it, so that a hundred thousand deals are there in seconds.
"""

import random
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.seed.activities import plant_activities
from connectors.salesforce.simulator.seed.companies import plant_company
from connectors.salesforce.simulator.seed.deals import plant_deal
from connectors.salesforce.simulator.seed.garden import Garden
from connectors.salesforce.simulator.seed.notes import plant_notes
from connectors.salesforce.simulator.seed.pools import draw_pools
from connectors.salesforce.simulator.seed.users import plant_users

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["plant"]

_DEALS_PER_COMPANY = (1, 1, 1, 2, 2, 3, 5)


def plant(org: "Org", deals: int) -> None:
    """Fill an org with so many opportunities and all that goes with them. Makes no change events."""
    chance = random.Random(f"seed:{org.seed}")  # noqa: S311 - made-up data that must repeat
    garden = Garden(org, chance, draw_pools(org.seed))
    plant_users(garden)
    planted = 0
    while planted < deals:
        company = plant_company(garden)
        for _ in range(min(chance.choice(_DEALS_PER_COMPANY), deals - planted)):
            deal = plant_deal(garden, company)
            plant_notes(garden, deal)
            plant_activities(garden, deal)
            planted += 1
