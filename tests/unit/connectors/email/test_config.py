import pytest
from pydantic import ValidationError

from connectors.email.config import EmailConfig


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"sender": "nobody"}, "must have an @-sign"),
        ({"sender": "a@x.test\r\nBcc: b@x.test"}, "control characters"),
        ({"username": "u"}, "give both or neither"),
        ({"password": "p"}, "give both or neither"),
        ({"username": "u", "password": "p", "tls": "none"}, "over TLS only"),
        ({"timeout_seconds": 30}, "less than or equal to 20"),
        ({"tls": "maybe"}, "'starttls', 'tls' or 'none'"),
    ],
)
def test_a_wrong_setting_is_explained(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        EmailConfig.model_validate(settings)


def test_the_password_is_not_shown() -> None:
    config = EmailConfig.model_validate({"username": "u", "password": "hunter2"})
    assert "hunter2" not in repr(config)


def test_the_domain_is_the_senders() -> None:
    assert EmailConfig(sender="Deal desk <deals@müller.test>").domain == "xn--mller-kva.test"
