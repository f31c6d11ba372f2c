"""What is remembered of a queue. Kept as JSON in a table, never on a public topic."""

from schemas.base import Moment, Part


class Answer(Part):
    """What a command was answered: a person; or the `members` who may claim; or an `error`, why nobody.

    An error with `retry_at` heals by then. `undecided` names members whose condition could not be decided
    with the facts given. `attempt` is the attempt of the command that was answered so.
    """

    name: str = ""
    email: str = ""
    members: tuple[str, ...] = ()
    error: str = ""
    retry_at: Moment | None = None
    undecided: str = ""
    attempt: int = 1


class QueueState(Part):
    """Whose turn it is in a queue, how much everybody has, and what the last commands were answered.

    `turn` counts the accounts given out, `load` those not given back, by person. `chosen` holds the turn at
    which a member was chosen last, `credit` what the weighted policy owes each. `answers` are the latest, by
    command; `blocks` counts the blocks of older ones that were set aside.
    """

    turn: int = 0
    load: dict[str, int] = {}
    chosen: dict[str, int] = {}
    credit: dict[str, int] = {}
    answers: dict[str, Answer] = {}
    blocks: int = 0


class AnswerBlock(Part):
    """Older answers of a queue, by command, kept beside its state and written once."""

    answers: dict[str, Answer] = {}
