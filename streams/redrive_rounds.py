"""Redrives until nothing is parked any more: what came meanwhile goes after what was sent back before it."""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from connectors.kafka.config import KafkaConfig
from connectors.kafka.groups import committed
from processors.dead_letters import redrive
from schemas.dead_letter import Letter
from streams.letters import board
from streams.redrive import Ends, Redriver

_LOOK_SECONDS = 0.5
_MOST_ROUNDS = 20


@dataclass(slots=True)
class Outcome:
    """What became of a redrive. `taken` is False if the agents did not get to the end of it in time."""

    redriven: int = 0
    came_meanwhile: int = 0
    failed_again: Sequence[Letter] = ()
    taken: bool = True


async def in_rounds(
    config: KafkaConfig,
    redriver: Redriver,
    letters: Sequence[Letter],
    *,
    topics: Collection[str],
    wait_seconds: float,
) -> Outcome:
    """Send letters back, wait for the agents to take them, and send what was parked behind them meanwhile.

    Each round waits `wait_seconds` at the most. Raises what `Redriver` raises.
    """
    outcome = Outcome(redriven=len(letters))
    lanes = {(letter.agent, letter.key) for letter in letters if letter.holds}
    seats = {(letter.agent, letter.place.partition, letter.seat) for letter in letters}
    ends = await redriver.redrive(letters)
    for _ in range(_MOST_ROUNDS):
        outcome.taken = await _taken(config, ends, wait_seconds)
        if not outcome.taken:
            return outcome
        aside = (await asyncio.to_thread(board, config)).in_order()
        outcome.failed_again = [
            letter
            for letter in aside
            if (letter.agent, letter.place.partition, letter.seat) in seats and not letter.parked
        ]
        plan = redrive(
            aside, lambda letter: letter.parked and (letter.agent, letter.key) in lanes, topics=topics
        )
        if not plan.letters:
            return outcome
        outcome.came_meanwhile += len(plan.letters)
        seats |= {(letter.agent, letter.place.partition, letter.seat) for letter in plan.letters}
        ends = await redriver.redrive(plan.letters)
    return outcome


async def _taken(config: KafkaConfig, ends: Ends, wait_seconds: float) -> bool:
    """Wait until every agent has committed what was sent back to it."""
    until = time.monotonic() + wait_seconds
    agents = {agent for agent, _, _ in ends}
    while True:
        reached = {agent: await asyncio.to_thread(committed, config, config.group(agent)) for agent in agents}
        if all(
            reached[agent].get((topic, partition), 0) > offset
            for (agent, topic, partition), offset in ends.items()
        ):
            return True
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
