"""By what two accounts are held to be the same customer: Salesforce account, web domain, company name.

Sinks keep these beside an account, so that look-alikes are found by an index. They are computed here alone,
so that each sink means the same by them.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from schemas.account import Account

__all__ = ["NAME_PREFIX", "Traits", "domain_of", "likeness", "name_key", "traits"]

NAME_PREFIX = 4
"""Name keys that agree in this many first characters are compared; the rest of a name may differ a little."""

_LONGEST_TEXT = 2000
_LONGEST_HOST = 253  # RFC 1035 2.3.4, less its length bytes


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Hosts of many customers: one of these says nothing about who somebody is.
_SHARED_HOSTS = _words(
    """
    aol.com bluewin.ch btinternet.com comcast.net duck.com fastmail.com free.fr freenet.de gmail.com gmx.at
    gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr
    icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru me.com msn.com naver.com orange.fr
    outlook.com outlook.de pm.me proton.me protonmail.com qq.com rediffmail.com sapo.pt seznam.cz t-online.de
    terra.com.br tuta.com tutanota.com uol.com.br verizon.net web.de wp.pl yahoo.co.in yahoo.co.jp yahoo.co.uk
    yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com zoho.com 126.com 163.com
    about.me bit.ly blogspot.com business.site crunchbase.com docs.google.com facebook.com fb.com github.com
    github.io godaddysites.com google.com instagram.com jimdo.com linkedin.com linktr.ee m.facebook.com
    medium.com myshopify.com netlify.app notion.site notion.so pinterest.com sites.google.com squarespace.com
    t.me tiktok.com tumblr.com twitter.com vercel.app webflow.io weebly.com wikipedia.org wix.com wixsite.com
    wordpress.com x.com xing.com yelp.com youtube.com
    example.com example.net example.org
    """
)

# Words at the end of a name that say what kind of company it is, without dots.
_LEGAL_FORMS = _words(
    """
    ab ag aps as asa bv bvba co company corp corporation cv cvba doo eg ehf eirl eood esp ev gbr gesmbh gmbh
    hf inc incorporated jsc kft kg kgaa kk lda limited llc llp lp ltd ltda mbh nv nyrt ohg oo ooo oy oyj
    pjsc plc pte pty pvt rl sa sab sapi sarl sas sasu sc sca se sgps sia sl slu snc sp spa spzoo srl
    sro ses uab ug vof zoo zrt
    """
)
_JOINING = frozenset({"and", "und", "et", "y", "de", "z", "private"})
"""Left over at the end when a legal form is taken away, as in "GmbH & Co. KG" and "S.A. de C.V."."""
_CJK_FORMS = ("株式会社", "有限会社", "合同会社", "股份有限公司", "有限公司", "주식회사", "유한회사")

_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    }
)
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_WWW = re.compile(r"^www\d{0,2}\.(?=[^.]+\.)")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Traits:
    """What an account can be recognised by; empty where it has nothing of the kind."""

    salesforce_account_id: str
    domain: str
    name_key: str

    def __bool__(self) -> bool:
        return bool(self.salesforce_account_id or self.domain or self.name_key)


def traits(account: Account) -> Traits:
    """Give what an account can be recognised by. Its own name is the deal's, and says nothing here."""
    return Traits(
        salesforce_account_id=account.salesforce_account_id or "",
        domain=domain_of(account),
        name_key=name_key(account.company_name or ""),
    )


def likeness(own: Traits, other: Traits) -> tuple[int, int] | None:
    """Rank a look-alike, the likeliest lowest; None for one that has nothing in common.

    Ranks are 0 for the same Salesforce account, 1 for the same domain, 2 for a name key that begins alike;
    of two with the same rank the one whose name is nearer in length comes first.
    """
    apart = abs(len(other.name_key) - len(own.name_key))
    if own.salesforce_account_id and own.salesforce_account_id == other.salesforce_account_id:
        return 0, apart
    if own.domain and own.domain == other.domain:
        return 1, apart
    if own.name_key and own.name_key[:NAME_PREFIX] == other.name_key[:NAME_PREFIX]:
        return 2, apart
    return None


def domain_of(account: Account) -> str:
    """Give the host that the customer can be recognised by: of the website, else of the contact's address.

    Hosts that many share (public mail, social networks, site builders) and that of our own seller do not
    count.
    """
    ours = _host_of_address(account.ae_email or "")
    contact = account.primary_contact.email if account.primary_contact is not None else None
    for host in (_host_of_url(account.website or ""), _host_of_address(contact or "")):
        if host and host != ours and host not in _SHARED_HOSTS:
            return host
    return ""


def name_key(name: str) -> str:
    """Give a company's name as names are compared: lower case, no accents, signs or legal form.

    "Müller & Söhne GmbH & Co. KG" becomes "muller and sohne". A name that is nothing but a legal form stays.
    """
    plain = unicodedata.normalize("NFKD", name[:_LONGEST_TEXT]).casefold().translate(_LETTERS)
    plain = _ACCENTS.sub("", plain)
    plain = unicodedata.normalize("NFC", plain)
    for form in _CJK_FORMS:
        plain = plain.replace(form, " ")
    plain = re.sub(r"[.'`\u2019]", "", plain.replace("&", " and ").replace("+", " and "))
    plain = re.sub(r"\b([a-z])/([a-z])\b", r"\1\2", plain)  # A/S
    words = re.sub(r"[\W_]+", " ", plain).split()
    if len(words) > 1 and words[0] == "the":
        del words[0]
    kept = len(words)
    while kept > 1 and words[kept - 1] in (_LEGAL_FORMS if kept == len(words) else _LEGAL_FORMS | _JOINING):
        kept -= 1
    return " ".join(words[:kept])


def _host_of_url(text: str) -> str:
    text = text.strip()[:_LONGEST_TEXT]
    try:
        return _plain_host(urlsplit(text if "://" in text else f"//{text.lstrip('/')}").hostname or "")
    except ValueError:  # a port or an address in brackets that is none
        return ""


def _host_of_address(text: str) -> str:
    return _plain_host(text.strip()[:_LONGEST_TEXT].rpartition("@")[2]) if "@" in text else ""


def _plain_host(host: str) -> str:
    try:
        ascii_host = host.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return ""
    ascii_host = _WWW.sub("", ascii_host)
    return ascii_host if len(ascii_host) <= _LONGEST_HOST and _HOST.fullmatch(ascii_host) else ""
