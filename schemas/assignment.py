"""Asking a queue for a customer success manager."""

from typing import ClassVar

from schemas.base import Record


class AssignCsm(Record):
    """Asks for the next person of `queue`. `id` is the effect id; asked again, the same person answers.

    `facts` is what the members' conditions may speak of. `exclude` holds e-mails not to choose. `released`
    gives an account back: the load of that person falls by one once the command is answered well. With
    `choose` false nobody is chosen; only the loads are told, of `released` and of `taken`, who took an
    account of the queue by other ways (a claim, a person's order).
    """

    ce_type: ClassVar[str] = "dealwire.assignment.assign"

    queue: str = ""
    opportunity_id: str = ""
    run_id: str = ""
    step_id: str = ""
    attempt: int = 1
    facts: dict[str, str] = {}
    exclude: tuple[str, ...] = ()
    released: str = ""
    choose: bool = True
    taken: str = ""
