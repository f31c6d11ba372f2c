"""Where a token may go, and which settings do not hold."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.salesforce.config import SalesforceConfig
from tests.fixtures.salesforce_client import a_config


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://acme.my.salesforce.com/services", True),
        ("https://ACME.my.salesforce.com", True),
        ("https://na1.salesforce.com", True),
        ("https://salesforce.com.evil.example", False),
        ("https://evilsalesforce.com", False),
        ("https://evil.example/.salesforce.com", False),
        ("https://evil.example#.salesforce.com", False),
        ("https://evil.example?.salesforce.com", False),
        ("https://evil.example\\.salesforce.com", False),
        ("https://acme.my.salesforce.com@evil.example", False),
        ("https://evil.example\\@acme.my.salesforce.com", False),
        ("https://user@acme.my.salesforce.com", False),
        ("http://acme.my.salesforce.com", False),
        ("http://127.0.0.1:80", False),
        ("http://localhost", False),
        ("ftp://acme.my.salesforce.com", False),
        ("file:///etc/passwd", False),
        ("//acme.my.salesforce.com", False),
        ("", False),
    ],
)
def test_where_a_token_may_go(url: str, *, expected: bool) -> None:
    assert a_config().may_call(url) is expected


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"login_url": "acme.my.salesforce.com"}, "https://HOST"),
        ({"login_url": "https://acme.my.salesforce.com/services"}, "https://HOST"),
        ({"login_url": "http://acme.my.salesforce.com"}, "https only"),
        ({"login_url": "https://user:pw@acme.my.salesforce.com"}, "a login stands in it"),
        ({"flow": "jwt"}, "username"),
        ({"channels": ["OpportunityChangeEvent"]}, "/data/"),
        ({"channels": []}, "channels"),
        ({"api_version": "66"}, "api_version"),
        ({"max_concurrent_calls": 0}, "max_concurrent_calls"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_settings_that_do_not_hold(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as wrong:
        a_config(**settings)
    assert "SECRET" not in str(wrong.value)


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_the_audience_of_an_assertion(url: str, audience: str) -> None:
    assert a_config(url).audience == audience


def test_nothing_is_guessed() -> None:
    with pytest.raises(ValidationError, match="login_url"):
        SalesforceConfig.model_validate({})
