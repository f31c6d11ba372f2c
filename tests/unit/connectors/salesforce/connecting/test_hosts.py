"""What people call their org, and where one logs in to it."""

import pytest

from connectors.salesforce.connecting.hosts import is_shared, login_url
from schemas.errors import UsageError


@pytest.mark.parametrize(
    ("place", "sandbox", "url"),
    [
        ("", False, "https://login.salesforce.com"),
        ("", True, "https://test.salesforce.com"),
        ("acme", False, "https://acme.my.salesforce.com"),
        ("Acme", False, "https://acme.my.salesforce.com"),
        ("acme--dev", False, "https://acme--dev.sandbox.my.salesforce.com"),
        ("acme--dev", True, "https://acme--dev.sandbox.my.salesforce.com"),
        ("acme.my.salesforce.com", False, "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com/", False, "https://acme.my.salesforce.com"),
        ("http://localhost:8080", False, "http://localhost:8080"),
    ],
)
def test_a_place_is_a_url(place: str, sandbox: bool, url: str) -> None:
    assert login_url(place, sandbox=sandbox) == url


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("acme.lightning.force.com", "acme.my.salesforce.com"),
        ("http://acme.my.salesforce.com", "https only"),
        ("https://user:pw@acme.my.salesforce.com", "no place"),
        ("https://acme.my.salesforce.com/services", "no place"),
        ("https://", "no place"),
        ("https:", "no place"),
        ("a b", "no place"),
        ("https://[", "no place"),
    ],
)
def test_what_is_no_place_is_said_to_be_none(place: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        login_url(place)


def test_the_login_hosts_of_all_orgs_are_known() -> None:
    assert [is_shared(login_url(each)) for each in ("", "acme")] == [True, False]
    assert is_shared(login_url("", sandbox=True))
