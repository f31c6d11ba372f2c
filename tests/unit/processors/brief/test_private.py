"""Private data goes out as placeholders and comes back as it was."""

import pytest

from processors.brief.private import Private, placeholders, put_back
from tests.fixtures.effort import no_explosion


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("mail kim@buyer.test now", "mail [EMAIL_1] now"),
        ("Kim <kim.o'neil+x@mail.buyer.co.uk>, ok", "Kim <[EMAIL_1]>, ok"),
        ("müller@bücher.example", "[EMAIL_1]"),
        ("\uff2b\uff29\uff2d\uff20buyer.test", "[EMAIL_1]"),
        ("call +49 30 1234567.", "call [PHONE_1]."),
        ("call +1 (415) 555-0132 or 415-555-0132", "call [PHONE_1] or [PHONE_2]"),
        ("0049 30 123 45 67", "[PHONE_1]"),
        ("(030) 123-4567", "[PHONE_1]"),
        ("030/1234567 ext 5", "[PHONE_1] ext 5"),
        ("tel: 12 34 56", "tel[PHONE_1]"),
        ("Phone 555 1234", "Phone[PHONE_1]"),
        ("IBAN DE89 3704 0044 0532 0130 00!", "IBAN [IBAN_1]!"),
        ("de89370400440532013000", "[IBAN_1]"),
        ("GB82WEST12345698765432", "[IBAN_1]"),
        ("card 4111 1111 1111 1111, 4111-1111-1111-1111", "card [CARD_1], [CARD_1]"),
        ("amex 3782 822463 10005", "amex [CARD_1]"),
        ("4111111111111111", "[CARD_1]"),
        ("see https://files.test/x?token=abc and www.x.test/y", "see [LINK_1] and [LINK_2]"),
        ("sftp://user:pass@host.test/x", "[LINK_1]"),
        ("a@b.test, A@B.test, c@b.test", "[EMAIL_1], [EMAIL_1], [EMAIL_2]"),
        ("an [EMAIL_1] of a stranger, x@y.test", "an (EMAIL_1) of a stranger, [EMAIL_1]"),
        ("[email_7]", "(email_7)"),
    ],
)
def test_what_is_hidden(text: str, hidden: str) -> None:
    private = Private()
    assert private.hide(text) == hidden
    assert not any(
        each in private.hide(put_back(hidden, private.stands_for)) for each in ("@", "4111", "+49")
    )


@pytest.mark.parametrize(
    "text",
    [
        "by 2026-09-14 or 14.09.2026 or 09/14/2026 or 01-02-2027",
        "from 2026-09-14 to 2027-01-11",
        "1,200,000 EUR, 40 seats, 99.95% SLA, v2.10.3",
        "500000 records in 2027, 12 000 a day",
        "opportunity 0065g00000AbCdEAAV at 10:30-11:45",
        "Q3 2027, 24/7, ISO 27001, SOC2",
        "they @ the office",
        "row 1 2 3 4 5 6",
    ],
)
def test_what_is_left_as_it_is(text: str) -> None:
    assert Private().hide(text) == text


def test_the_same_datum_keeps_its_placeholder_over_all_texts() -> None:
    private = Private()
    assert (private.hide("a@x.test b@x.test"), private.hide("b@x.test")) == (
        "[EMAIL_1] [EMAIL_2]",
        "[EMAIL_2]",
    )
    assert private.stands_for == {"[EMAIL_1]": "a@x.test", "[EMAIL_2]": "b@x.test"}


def test_put_back() -> None:
    private = Private()
    text = "write kim@buyer.test, call +49 30 1234567"
    assert put_back(private.hide(text), private.stands_for) == text
    assert placeholders(private.hide(text)) == {"[EMAIL_1]", "[PHONE_1]"}
    with pytest.raises(KeyError):
        put_back("[EMAIL_9]", private.stands_for)


@pytest.mark.parametrize(
    "piece",
    ["a", "a@", "1", "1 ", "+1", "@a.", "de12 ", "ab12", "(", "0", "https://", "tel ", "[EMAIL_", "x.y@"],
)
def test_hostile_texts_take_no_time(piece: str) -> None:
    with no_explosion():
        Private().hide(piece * (60_000 // len(piece)))
