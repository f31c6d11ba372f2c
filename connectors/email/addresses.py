"""Mail addresses: which are accepted, how they are written, and how they are shown without being told."""

import re
from email.headerregistry import Address

from email_validator import EmailNotValidError, validate_email

_ADDRESS = re.compile(r"[^\s<>@\"(),:;]+@[^\s<>@\"(),:;]+")


def parse_address(text: str) -> Address:
    """Read `name@host` or `Name <name@host>`; an international domain comes out in its ASCII form.

    Whether such a mailbox exists is the server's to say. Raises `ValueError`, whose message does not
    repeat the address.
    """
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            test_environment=True,  # only lets the reserved domain .test through
            allow_display_name=True,
            allow_smtputf8=False,
        )
    except EmailNotValidError as error:
        raise ValueError(hide_addresses(str(error))) from None
    if found.ascii_local_part is None:  # ruled out by allow_smtputf8=False; tells the type checker
        raise ValueError("The part before the @-sign has characters outside ASCII.")
    return Address(found.display_name or "", found.ascii_local_part, found.ascii_domain)


def hide_addresses(text: str) -> str:
    """Give `text` with each address reduced to its domain, for errors and logs."""
    return _ADDRESS.sub(lambda found: "…@" + found.group().rpartition("@")[2], text)
