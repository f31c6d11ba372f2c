"""What was done and is to be done about a deal."""

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.seed.garden import Deal, Garden

if TYPE_CHECKING:
    from connectors.salesforce.simulator.objects import Value

__all__ = ["plant_activities"]

_TASK_SHARE, _EVENT_SHARE = 0.6, 0.25
_TASKS = ("Call", "Send quote", "Send reference list", "Follow up", "Prepare demo", "Check legal terms")
_EVENTS = ("Demo", "Kick-off", "Contract meeting", "Steering committee", "Lunch")
_DURATIONS = (30, 45, 60, 90)


def plant_activities(garden: Garden, deal: Deal) -> None:
    """Plant none or some of a task and a calendar event."""
    chance, owner = garden.chance, deal.company.owner_id
    about: dict[str, Value] = {
        "WhatId": deal.opportunity_id,
        "WhoId": chance.choice(deal.company.contacts) if deal.company.contacts else None,
        "OwnerId": owner,
    }
    made = garden.between(deal.made_at, deal.changed_at)
    if chance.random() < _TASK_SHARE:
        status = chance.choice(("Not Started", "In Progress", "Completed"))
        done = status == "Completed"
        task: dict[str, Value] = {
            **about,
            "Subject": chance.choice(_TASKS),
            "Status": status,
            "Priority": "Normal",
            "ActivityDate": (made + timedelta(days=chance.randint(1, 30))).date(),
            "Description": chance.choice(garden.pools.sentences),
            "IsClosed": done,
            "CompletedDateTime": deal.changed_at if done else None,
        }
        garden.put("Task", task, owner, made)
    if chance.random() < _EVENT_SHARE:
        start = (made + timedelta(days=chance.randint(1, 20))).replace(minute=0, second=0)
        minutes = chance.choice(_DURATIONS)
        meeting: dict[str, Value] = {
            **about,
            "Subject": chance.choice(_EVENTS),
            "IsAllDayEvent": False,
            "ActivityDateTime": start,
            "ActivityDate": start.date(),
            "StartDateTime": start,
            "EndDateTime": start + timedelta(minutes=minutes),
            "DurationInMinutes": minutes,
        }
        garden.put("Event", meeting, owner, made)
