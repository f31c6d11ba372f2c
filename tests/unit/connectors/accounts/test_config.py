import pytest
from pydantic import ValidationError

from connectors.accounts.config import HttpAccountsConfig, SqlAccountsConfig

HOSTS = ("accounts.example.com",)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"url": "http://10.0.0.1:80"}, "not one of allowed_hosts"),
        ({"url": "https://accounts.example.com.evil.test", "allowed_hosts": HOSTS}, "allowed_hosts"),
        ({"url": "https://accounts.example.com@evil.test", "allowed_hosts": HOSTS}, "a login stands in it"),
        ({"url": "http://accounts.example.com", "allowed_hosts": HOSTS, "token": "t"}, "over https only"),
        ({"url": "ftp://127.0.0.1"}, "expected http"),
        ({"url": "http://127.0.0.1/?a=b"}, "expected http"),
        ({"url": "127.0.0.1:80"}, "expected http"),
        ({"url": ""}, "expected http"),
        ({"timeout_seconds": 21}, "less than or equal to 20"),
    ],
)
def test_a_wrong_http_setting_is_explained(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        HttpAccountsConfig.model_validate(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "http://127.0.0.1:1", "token": "t"},
        {"url": "http://[::1]:1", "token": "t"},
        {"url": "https://accounts.example.com/api/", "allowed_hosts": HOSTS, "token": "t"},
        {"url": "http://accounts.example.com", "allowed_hosts": HOSTS},
    ],
)
def test_a_good_http_setting_is_taken(settings: dict[str, object]) -> None:
    assert "token='t'" not in repr(HttpAccountsConfig.model_validate(settings))


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql+asyncpg://u:secret@h/d", "a password stands in the URL"),
        ("postgresql://u@h/d", "expected sqlite"),
        ("mysql://h/d", "expected sqlite"),
        ("accounts.db", "expected sqlite"),
    ],
)
def test_a_wrong_database_is_explained(url: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SqlAccountsConfig(url=url)
