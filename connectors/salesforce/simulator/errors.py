"""What the org's model refuses, by the codes that the REST API answers with.

Texts as Salesforce writes them, REST API Developer Guide "Status Codes and Error Responses" and SOAP API
Developer Guide "Core Data Types, StatusCode".
"""

from collections.abc import Iterable

from schemas.errors import RefusedError

__all__ = ["DmlError"]


class DmlError(RefusedError):
    """A record is refused. Nothing of this one operation was done; the transaction may go on.

    `code` is Salesforce's errorCode, `message` its text, `fields` the names of the fields at fault.
    """

    def __init__(self, code: str, message: str, fields: Iterable[str] = ()) -> None:
        super().__init__(f"{code}: {message}", on=", ".join(fields := tuple(fields)))
        self.code = code
        self.message = message
        self.fields = fields
