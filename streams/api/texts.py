"""Text that comes from outside: bounded, and without what a database or a log would stumble over."""

from typing import Annotated

from pydantic import Field, StringConstraints

_NO_CONTROL = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Text = Annotated[str, StringConstraints(max_length=200, pattern=_NO_CONTROL)]
"""A word or a name."""
Remark = Annotated[str, StringConstraints(max_length=500, pattern=_NO_CONTROL)]
"""A sentence."""
Prose = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_CONTROL)]
"""A few sentences."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_CONTROL)]
"""What a field or a step is called."""
Value = Annotated[str, StringConstraints(max_length=100_000, pattern=_NO_CONTROL)]
"""What a field holds."""
CLOSED = Field(max_length=200, json_schema_extra={"additionalProperties": False})
"""What holds of a mapping of names: the document must say, too, that it takes no others."""
Address = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x20\x7f]+@[^@\s\x00-\x20\x7f]+$")
]
"""What may be somebody's mail address, for comparing with those we know."""
