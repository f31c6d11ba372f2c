"""By what a customer is recognised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.account import Account, ContactPoint
from schemas.account_traits import domain_of, name_key, traits
from tests.fixtures.accounts import an_account

NAMES = [
    ("Acme", "acme"),
    ("ACME, Inc.", "acme"),
    ("Acme Corp", "acme"),
    ("The Acme Company", "acme"),
    ("Acme Holding Ltd.", "acme holding"),
    ("Müller & Söhne GmbH & Co. KG", "muller and sohne"),
    ("Novo Nordisk A/S", "novo nordisk"),
    ("Equinor ASA", "equinor"),
    ("Cemex S.A.B. de C.V.", "cemex"),
    ("Łódź Sp. z o.o.", "lodz"),
    ("L'Oréal S.A.", "loreal"),
    ("Foo (UK) Pte. Ltd.", "foo uk"),
    ("株式会社トヨタ", "トヨタ"),
    ("バンダイ株式会社", "バンダイ"),
    ("삼성전자 주식회사", "삼성전자"),
    ("AS", "as"),
    ("The Company", "company"),
    ("Marks and", "marks and"),
    ("  Acme\t\n AS ", "acme"),
    ("!!!", ""),
    ("", ""),
]


@pytest.mark.parametrize(("name", "key"), NAMES)
def test_a_name_is_compared_without_form_accents_and_signs(name: str, key: str) -> None:
    assert name_key(name) == key


WEBSITES = [
    ("https://www.acme.com/path?x=1", "acme.com"),
    ("acme.com", "acme.com"),
    ("//acme.com/", "acme.com"),
    ("  HTTP://WWW2.Acme.COM.:8080 ", "acme.com"),
    ("https://user:secret@acme.com", "acme.com"),
    ("https://shop.acme.com", "shop.acme.com"),
    ("https://bücher.de", "xn--bcher-kva.de"),
    ("www.com", "www.com"),
    ("https://www.facebook.com/acme", ""),
    ("https://sites.google.com/view/acme", ""),
    ("http://[::1", ""),
    ("http://acme.com:port", "acme.com"),
    ("https://10.0.0.1/", ""),
    ("https://[2001:db8::1]/", ""),
    ("localhost", ""),
    ("n/a", ""),
    ("none", ""),
    ("mailto:info@acme.com", "acme.com"),
    ("a" * 300 + ".com", ""),
    (("a" * 60 + ".") * 5 + "com", ""),
    ("-acme.com", ""),
    ("acme..com", ""),
    ("", ""),
]


@pytest.mark.parametrize(("website", "domain"), WEBSITES)
def test_a_website_is_compared_by_its_host(website: str, domain: str) -> None:
    assert domain_of(an_account(website=website)) == domain


@pytest.mark.parametrize(
    ("website", "contact", "ae", "domain"),
    [
        (None, "zoe@acme.com", None, "acme.com"),
        (None, "zoe@gmail.com", None, ""),
        ("linkedin.com/company/acme", "zoe@acme.com", None, "acme.com"),
        ("acme.com", "zoe@other.com", None, "acme.com"),
        ("https://seller.com", "zoe@seller.com", "ann@seller.com", ""),
        (None, "no address", None, ""),
        (None, "@", None, ""),
    ],
)
def test_the_contacts_address_serves_where_the_website_does_not(
    website: str | None, contact: str, ae: str | None, domain: str
) -> None:
    account = an_account(website=website, primary_contact=ContactPoint(email=contact), ae_email=ae)
    assert domain_of(account) == domain


def test_the_deals_name_says_nothing_of_the_customer() -> None:
    assert not traits(an_account(name="Renewal 2026"))


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_text_it_is_there_are_traits_and_they_are_stable(name: str, website: str) -> None:
    account = Account(id="a", org_id="o", company_name=name, website=website)
    found = traits(account)
    assert found == traits(account)
    assert name_key(found.name_key) == name_key(name_key(found.name_key))
    assert found.domain == domain_of(account.model_copy(update={"website": found.domain}))
