"""Where notes may go, and what a call may cost."""

import pytest
from pydantic import ValidationError

from connectors.writer.config import WriterConfig

HOST = ("models.example.com",)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": "http://127.0.0.1:8080/v1", "model": "small"},
        {"url": "https://models.example.com/v1", "model": "small", "allowed_hosts": HOST, "api_key": "x"},
    ],
)
def test_what_is_accepted(settings: dict[str, object]) -> None:
    assert WriterConfig.model_validate(settings).prompt_bytes > 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"url": "https://models.example.com/v1", "model": "m"}, "allowed_hosts"),
        ({"url": "https://127.0.0.1.evil.example/v1", "model": "m"}, "allowed_hosts"),
        ({"url": "http://models.example.com/v1", "model": "m", "allowed_hosts": HOST}, "https only"),
        ({"url": "https://key@models.example.com/v1", "model": "m", "allowed_hosts": HOST}, "login"),
        (
            {"url": "https://models.example.com/v1?key=1", "model": "m", "allowed_hosts": HOST},
            "expected http",
        ),
        ({"url": "ftp://127.0.0.1/", "model": "m"}, "expected http"),
        ({"url": "127.0.0.1:8080", "model": "m"}, "expected http"),
        ({"url": "http://127.0.0.1:8080/v1"}, "model"),
        ({"max_answer_tokens": 4_000, "max_tokens_per_call": 5_000}, "no room"),
        ({"timeout_seconds": 20}, "less than or equal to 19"),
    ],
)
def test_what_is_refused(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        WriterConfig.model_validate(settings)


def test_the_key_is_not_shown() -> None:
    config = WriterConfig.model_validate({"api_key": "sk-secret"})
    assert "sk-secret" not in repr(config)


def test_a_prompt_of_the_longest_kind_stays_within_a_call() -> None:
    config = WriterConfig(max_tokens_per_call=10_000, max_answer_tokens=2_000)
    assert config.estimate(config.prompt_bytes) <= 10_000
