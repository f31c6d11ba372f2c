"""An operator in the middle of faults: some accounts go to somebody else, some runs are run again."""

import asyncio
from collections.abc import Iterable, Sequence

from connectors.ports import SystemClock
from processors.commanding import Said, about_run
from processors.history import RunStory, tell
from schemas.inbox import InboxRecord
from schemas.run_event import RunEvent
from streams.commanding import Commander, commanding
from streams.local.deployment import Deployment

WHO, OPERATOR = "new.csm@thread.example", "ops@thread.example"
_EVENTS = {"reassign": "csm.reassigned", "rerun": "run.rerun"}


def wanted(run_id: str) -> str:
    """Give what is wanted of a run once it is complete; of most of them nothing."""
    return {0: "rerun", 1: "reassign"}.get(int(run_id[:2], 16) % 5, "")


class Corrector:
    """Says each command until its event is there; said again, it is the same command."""

    def __init__(self, deployment: Deployment) -> None:
        self._settings = deployment.settings

    def correct(self, events: Iterable[RunEvent]) -> bool:
        """Say what is wanted and not done yet; give whether all is done and every run complete again."""
        events = list(events)
        told, done = tell({}, events), {(event.run_id, event.kind) for event in events}
        todo = [story for name, story in told.items() if _is_due(story) and (name, _kind(name)) not in done]
        if todo:
            asyncio.run(self._say_all(todo))
        return not todo and all(_is_settled(story) for story in told.values())

    async def _say_all(self, stories: Sequence[RunStory]) -> None:
        async with commanding(self._settings, SystemClock()) as commander:
            await asyncio.gather(*(self._say(commander, story) for story in stories))

    async def _say(self, commander: Commander, story: RunStory) -> None:
        await commander.say(_command(story))


def doubled(events: Iterable[RunEvent]) -> list[str]:
    """Give the runs of which a correction took effect twice."""
    found = {event.id: event for event in events}.values()
    kinds = [(event.run_id, event.kind) for event in found if event.kind in _EVENTS.values()]
    return sorted({f"{run} {kind}" for run, kind in kinds if kinds.count((run, kind)) > 1})


def _command(story: RunStory) -> InboxRecord:
    word, run = wanted(story.summary.run_id), story.summary
    said = Said(actor=OPERATOR, key=f"{word} {run.run_id}", reason="as the test says")
    if word == "rerun":
        return about_run(run, word, said, step_id="create")
    return about_run(run, word, said, to=[WHO])


def _kind(run_id: str) -> str:
    return _EVENTS.get(wanted(run_id), "")


def _is_due(story: RunStory) -> bool:
    """Whether something is wanted of a run, and it has come to its account."""
    return bool(wanted(story.summary.run_id)) and story.summary.status == "completed"


def _is_settled(story: RunStory) -> bool:
    return story.summary.status in ("completed", "rejected", "not enrolled")
