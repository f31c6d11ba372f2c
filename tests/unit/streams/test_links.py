"""How mails get their links, and what the settings take."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, ValidationError

from processors.task_links import mark, read
from schemas.email import SendEmail
from streams.links import LinkConfig, linked

AT = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
KEY = "a-key-for-links-" * 2
CONFIG = LinkConfig(url="https://dealwire.example.com/", key=SecretStr(KEY), days=7)


def mail(*to: str, cc: tuple[str, ...] = ()) -> SendEmail:
    text = f"Decide: {mark('task-1')}\n"
    return SendEmail(id="m", org_id="o", to=to, cc=cc, text=text, html=f"<a href='{mark('task-1')}'>", at=AT)


def test_a_subject_never_holds_a_link() -> None:
    sent = linked(mail("m@acme.example").model_copy(update={"subject": f"On {mark('task-1')}"}), CONFIG)
    assert sent.subject == "On dealwire tasks show task-1"


def test_a_mail_to_one_person_gets_that_person_s_link() -> None:
    sent = linked(mail("m@acme.example"), CONFIG)
    url = sent.text.removeprefix("Decide: ").strip()
    assert url.startswith("https://dealwire.example.com/tasks/")
    assert sent.html == f"<a href='{url}'>"
    link = read(url.rpartition("/")[2], CONFIG.keys, AT)
    assert (link.task_id, link.person, (link.until - AT).days) == ("task-1", "m@acme.example", 7)
    assert linked(mail("m@acme.example"), CONFIG) == sent, "a resend is the same mail"


@pytest.mark.parametrize(
    ("sent", "config"),
    [
        (mail("m@acme.example"), LinkConfig()),
        (mail("m@acme.example", "p@acme.example"), CONFIG),
        (mail("m@acme.example", cc=("p@acme.example",)), CONFIG),
        (mail(), CONFIG),
    ],
)
def test_where_a_link_would_be_anybody_s_the_command_stands(sent: SendEmail, config: LinkConfig) -> None:
    assert linked(sent, config).text == "Decide: dealwire tasks show task-1\n"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"url": "https://x.example"}, "links need both"),
        ({"key": KEY}, "links need both"),
        ({"url": "https://x.example", "key": "short"}, "expected 32 characters or more"),
        ({"url": "http://x.example", "key": KEY}, "pattern"),
        ({"url": "https://x.example?a=b", "key": KEY}, "pattern"),
        ({"url": "https://x.example", "key": KEY, "days": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_do_not_hold(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        LinkConfig.model_validate(given)


def test_the_key_is_not_shown() -> None:
    assert KEY not in f"{CONFIG!r} {CONFIG}"
