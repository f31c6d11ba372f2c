"""The dead letters as a command sees them: the whole topic folded, and the bytes of some of them."""

from collections.abc import Collection, Iterator

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import Message, scan
from processors.dead_letters import Board
from schemas.base import Record
from schemas.dead_letter import TOPIC, Letter, Place, read
from schemas.errors import BrokenInvariantError, DecodeError
from streams.records import Records, connect
from streams.settings import Settings

log = structlog.get_logger(__name__)


def board(config: KafkaConfig) -> Board:
    """Read the topic to its end. Blocking. Raises `UnavailableError`."""
    folded = Board()
    for batch in scan(config, TOPIC):
        for message in batch:
            put(folded, message)
    return folded


def put(board: Board, message: Message) -> None:
    """Put one record of the topic on a board; what is none of ours is logged."""
    place = Place(message.topic, message.partition, message.offset)
    found = read(place, message.key, len(message.value or b""), message.headers)
    if found is None:
        log.warning("no letter of ours", place=str(place))
    else:
        board.take(found)


def bodies(config: KafkaConfig, letters: Collection[Letter]) -> Iterator[tuple[Letter, Message]]:
    """Give each letter with its record as it lies in the topic, in the topic's order. Blocking.

    Raises `UnavailableError`, or `BrokenInvariantError` for one that Kafka no longer holds.
    """
    wanted = {(letter.place.partition, letter.place.offset): letter for letter in letters}
    starts: dict[int, int] = {}
    for partition, offset in wanted:
        starts[partition] = min(offset, starts.get(partition, offset))
    batches = scan(config, TOPIC, starts=starts) if wanted else iter(())
    for batch in batches:
        for message in batch:
            letter = wanted.pop((message.partition, message.offset), None)
            if letter is not None:
                yield letter, message
        if not wanted:
            return
    for letter in wanted.values():
        raise BrokenInvariantError(
            "the letter is gone: Kafka has deleted it since it was listed",
            on=str(letter.place),
            todo="Type: dealwire dead-letters list",
        )


async def content(settings: Settings, message: Message) -> tuple[Record | None, str]:
    """Read a letter's record as today's code has it, whichever version wrote it; or say why that fails."""
    records: Records = await connect(HttpRegistry(settings.registry), settings.kafka, ())
    try:
        return await records.decode(message.value or b""), ""
    except DecodeError as error:
        return None, str(error)
