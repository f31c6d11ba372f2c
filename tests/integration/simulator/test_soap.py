"""SOAP login: what older clients send, and what nobody should."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fixtures.served_org import serving
from tests.fixtures.small_org import SmallOrg, small_org

ENVELOPE = (
    '<?xml version="1.0"?><se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/">'
    '<se:Header><SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>{session}</sessionId>'
    '</SessionHeader></se:Header><se:Body><{call} xmlns="urn:partner.soap.sforce.com">'
    "<username>{username}</username><password>{password}</password></{call}></se:Body></se:Envelope>"
)


@pytest.fixture(name="small")
def _small() -> SmallOrg:
    return small_org()


@pytest.fixture(name="url")
async def _url(small: SmallOrg) -> AsyncIterator[str]:
    async with serving(small.org) as url:
        yield url


async def post(url: str, body: str | bytes, version: str = "60.0") -> tuple[int, str]:
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    async with aiohttp.ClientSession() as http:
        place = f"{url}/services/Soap/u/{version}"
        async with http.post(place, data=body, headers=headers) as reply:
            assert reply.content_type == "text/xml"
            return reply.status, await reply.text()


def envelope(small: SmallOrg, call: str = "login", session: str = "", **more: str) -> str:
    (credential,) = small.org.credentials.values()
    known = {"username": credential.username, "password": credential.password} | more
    return ENVELOPE.format(call=call, session=session, **known)


def element(text: str, name: str) -> str:
    return text.partition(f"<{name}>")[2].partition(f"</{name}>")[0]


@pytest.mark.parametrize("version", ["58.0", "64.0", "64"])
async def test_login_and_logout(small: SmallOrg, url: str, version: str) -> None:
    status, text = await post(url, envelope(small), version)
    session = element(text, "sessionId")
    assert status == 200
    assert element(text, "serverUrl").startswith(f"{url}/services/Soap/u/{version.partition('.')[0]}.0/00D")
    assert element(text, "userId") == small.org.integration_user_id
    assert element(text, "organizationId") == small.org.org_id
    assert small.org.sessions.lookup(session) is not None
    status, _ = await post(url, envelope(small, "logout", session))
    assert (status, small.org.sessions.lookup(session)) == (200, None)
    status, text = await post(url, envelope(small, "logout", session))
    assert (status, element(text, "sf:exceptionCode")) == (500, "INVALID_SESSION_ID")


async def test_refused_logins(small: SmallOrg, url: str) -> None:
    for body, version, code in (
        (envelope(small, password="wrong"), "60.0", "INVALID_LOGIN"),
        (envelope(small, username="a&lt;b&gt;"), "60.0", "INVALID_LOGIN"),
        (envelope(small), "65.0", "UNSUPPORTED_API_VERSION"),
        (envelope(small), "57.0", "UNSUPPORTED_API_VERSION"),
        (envelope(small), "sixty", "UNSUPPORTED_API_VERSION"),
        (envelope(small, "describeGlobal"), "60.0", "INVALID_OPERATION"),
    ):
        status, text = await post(url, body, version)
        assert (status, element(text, "sf:exceptionCode")) == (500, code)
        assert element(text, "faultstring").startswith(f"{code}: ")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not xml",
        "<a><b></a></b>",
        "<Envelope/>",
        '<!DOCTYPE x [<!ENTITY e "boom">]><Envelope><Body><login><a>&e;</a></login></Body></Envelope>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><Envelope><Body><login/></Body></Envelope>',
        "<Envelope><Body><login><username>&undefined;</username></login></Body></Envelope>",
        "<a>" * 5_000,
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="no-such-encoding"?><Envelope/>',
    ],
)
async def test_hostile_envelopes(url: str, body: str | bytes) -> None:
    status, text = await post(url, body)
    assert (status, element(text, "sf:exceptionCode")) == (500, "INVALID_SOAP_BODY")


async def test_an_envelope_has_a_largest_size(small: SmallOrg, url: str) -> None:
    status, text = await post(url, envelope(small, password="x" * 70_000))
    assert (status, element(text, "sf:exceptionCode")) == (500, "EXCEEDED_MAX_SIZE_REQUEST")
