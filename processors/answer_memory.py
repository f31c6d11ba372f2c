"""What a queue answered, remembered for the last 2,000 commands without writing all of them each time.

The state of a queue holds the latest answers. When they are many, the older half goes into a block of its
own, under a key beside the state's. There is a ring of blocks; the newest takes the oldest one's place.
"""

import json
from collections.abc import Iterable, Iterator

from schemas.queue_state import Answer, AnswerBlock, QueueState

BESIDE = "#"
"""Stands between a queue's key and the number of a block; no queue has it in its name."""

_LATEST = 128
_IN_A_BLOCK = 64
_BLOCKS = 31
_CHARACTERS = 500_000
"""Of answers in one record; a changelog takes 4 MiB, and a character may need four bytes."""


def places(state: QueueState) -> Iterator[str]:
    """Give what follows the queue's key where its blocks are, the newest block first."""
    for number in range(state.blocks - 1, max(-1, state.blocks - 1 - _BLOCKS), -1):
        yield f"{BESIDE}{number % _BLOCKS}"


def find(command_id: str, blocks: Iterable[bytes | None]) -> Answer | None:
    """Give the answer that a command got, from blocks as they are stored, newest first; None if none has it.

    Only a block that names the command is read.
    """
    name = json.dumps(command_id, ensure_ascii=False).encode()
    for block in blocks:
        if block is not None and name in block:
            answer = AnswerBlock.model_validate_json(block).answers.get(command_id)
            if answer is not None:
                return answer
    return None


def set_aside(state: QueueState) -> tuple[QueueState, list[tuple[str, AnswerBlock]]]:
    """Cut a state's answers to size. Give it, and the blocks to be stored before it with their places."""
    blocks: list[tuple[str, AnswerBlock]] = []
    answers = list(state.answers.items())
    number = state.blocks
    while len(answers) > _LATEST or (len(answers) > 1 and _size(answers) > _CHARACTERS):
        cut = min(_IN_A_BLOCK, len(answers) // 2)
        blocks.append((f"{BESIDE}{number % _BLOCKS}", AnswerBlock(answers=dict(answers[:cut]))))
        answers = answers[cut:]
        number += 1
    if blocks:
        state = state.model_copy(update={"answers": dict(answers), "blocks": number})
    return state, blocks


def _size(answers: Iterable[tuple[str, Answer]]) -> int:
    return sum(map(len, (text for _, answer in answers for text in _texts(answer))))


def _texts(answer: Answer) -> tuple[str, ...]:
    return answer.name, answer.email, answer.error, answer.undecided, *answer.members
