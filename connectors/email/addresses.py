"""Mail addresses: which are accepted, how they are written, and how they are shown without being told."""

import re
from email.headerregistry import Address

from email_validator import EmailNotValidError, validate_email

_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<mailbox>[^<>]*)>")
_ADDRESS = re.compile(r"[^\s<>@\"(),:;]+@[^\s<>@\"(),:;]+")


def parse_address(text: str) -> Address:
    """Read `name@host` or `Name <name@host>`; an international domain comes out in its ASCII form.

    Whether such a mailbox exists is the server's to say. Raises `ValueError`, whose message does not
    repeat the address.
    """
    if not text.isprintable():
        raise ValueError("The address has control characters or line ends.")
    named = _NAMED.fullmatch(text.strip())
    name, mailbox = named.group("name", "mailbox") if named is not None else ("", text.strip())
    try:
        found = validate_email(
            mailbox,
            check_deliverability=False,
            test_environment=True,  # only lets the reserved domain .test through
            allow_smtputf8=False,
        )
    except EmailNotValidError as error:
        raise ValueError(hide_addresses(str(error))) from None
    return Address(name.strip().strip('"'), found.ascii_local_part or "", found.ascii_domain)


def hide_addresses(text: str) -> str:
    """Give `text` with each address reduced to its domain, for errors and logs."""
    return _ADDRESS.sub(lambda found: "…@" + found.group().rpartition("@")[2], text)
