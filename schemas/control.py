"""Control records: what the platform team tells every process, through one compacted topic."""

from typing import ClassVar

from schemas.base import Moment, Record


class ControlRecord(Record):
    """One definition, or which version of one is active. `body` is JSON text; its shape depends on `kind`.

    Kinds and keys: `workflow:{name}:{version}` (immutable; `deleted` takes its place under the same key, so
    that the number is not given again), `workflow:{name}:active`, `queue:{name}`, `absence:{e-mail}`
    (somebody is paused in every queue).
    `org_id` is empty: control records are for every org of the deployment.
    """

    ce_type: ClassVar[str] = "dealwire.control"

    kind: str = ""
    name: str = ""
    version: int = 0
    body: str = ""
    at: Moment | None = None
    actor: str = ""
