"""Turns and loads of queues, read from the changelog of the table that the agent keeps them in."""

from collections import defaultdict
from collections.abc import Mapping

from pydantic import ValidationError

from connectors.kafka.config import KafkaConfig
from connectors.kafka.scan import scan_named
from processors.answer_memory import BESIDE
from schemas.errors import UnreadableError
from schemas.queue_state import QueueState


def queue_states(config: KafkaConfig) -> Mapping[str, Mapping[str, QueueState]]:
    """Give the state of every queue, by name and org. Blocking.

    It is what Kafka has acknowledged: an answer that is on its way is not in it. Raises `UnavailableError`,
    or `UnreadableError` for a state that does not hold.
    """
    latest: dict[bytes, bytes] = {}
    for batch in scan_named(config, config.changelog("assignments", "queues")):
        for message in batch:
            if message.value is None:
                latest.pop(message.key, None)
            else:
                latest[message.key] = message.value
    states: defaultdict[str, dict[str, QueueState]] = defaultdict(dict)
    for key, value in latest.items():
        org, _, queue = key.decode("utf-8", "replace").partition(":")
        if BESIDE in queue:
            continue
        try:
            states[queue][org] = QueueState.model_validate_json(value)
        except ValidationError as error:
            raise UnreadableError(f"the state does not hold: {error}", on=f"queue {queue}") from None
    return states
