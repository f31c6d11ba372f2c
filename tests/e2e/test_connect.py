"""`dealwire connect` as a person types it: every flow, every no, and nothing secret shown."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.connecting.loopback import PATH
from connectors.salesforce.connection_book import ConnectionBook
from connectors.salesforce.simulator.connected_app import make_key
from connectors.salesforce.simulator.faults import HttpFault
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.server import OrgServer
from schemas.errors import ExitCode
from streams.orgs import org_stages
from streams.settings import Settings
from tests.fixtures.browser import Browser
from tests.fixtures.connecting import Connecting
from tests.fixtures.small_org import small_org


async def called_back(address: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(address) as reply:
        return reply.status


async def test_by_a_browser_on_this_machine(connecting: Connecting) -> None:
    connecting.server.org.app.rotate_refresh_tokens = True
    connecting.server.org.app.callback_urls = {f"http://localhost:{connecting.port}{PATH}"}
    process, address, said = await connecting.connect_by_browser("--json")
    assert "read deals, stages and notes" in said
    sent_back = await connecting.visit(address, "allow")
    assert await called_back(sent_back.replace("state=", "state=x")) == 400
    assert await called_back(sent_back) == 200
    ended = await connecting.end(process, said=said)
    assert ended.code == 0, ended.err
    shown: dict[str, Any] = json.loads(ended.out)
    assert (shown["org_id"], shown["org_name"]) == (connecting.server.org.org_id, "Acme")
    assert (shown["flow"], shown["edition"], shown["ok"]) == ("refresh_token", "Enterprise Edition", True)
    assert {each["name"] for each in shown["checks"]} >= {
        "API",
        "stages",
        "fields",
        "change events",
        "limits",
    }
    connecting.check_nothing_secret_was_said()
    # Each later command refreshes, and each refresh token is good once.
    for _ in range(2):
        tested = await connecting.run("connections", "test", "acme")
        assert (tested.code, "Connected" in tested.out) == (0, True), tested.err
    connecting.check_nothing_secret_was_said()


async def test_without_a_browser_here_the_address_is_pasted(connecting: Connecting) -> None:
    process, address, said = await connecting.connect_by_browser("--paste")
    sent_back = await connecting.visit(address, "allow")
    wrong = sent_back.replace("localhost", "evil.example")
    ended = await connecting.end(process, f"{wrong}\n{sent_back}\n", said)
    assert ended.code == 0, ended.err
    assert "Once more" in ended.err
    assert "Connected: Acme (Enterprise Edition), API v66.0" in ended.out
    code = parse_qs(urlsplit(sent_back).query)["code"][0]
    assert code not in ended.out + ended.err
    connecting.check_nothing_secret_was_said()


@pytest.mark.parametrize("form", ["access_denied", "access-denied"])
async def test_a_denial_ends_it_and_nothing_is_kept(connecting: Connecting, form: str) -> None:
    process, address, said = await connecting.connect_by_browser()
    sent_back = await connecting.visit(address, "deny")
    assert await called_back(sent_back.replace("access_denied", form)) == 403
    ended = await connecting.end(process, said=said)
    assert ended.code == ExitCode.REFUSED
    assert "allow it" in ended.err
    assert ConnectionBook(connecting.where.folder).names() == ()


async def test_an_app_that_lacks_the_callback_is_named_when_nobody_comes(
    connecting: Connecting,
) -> None:
    connecting.server.org.app.callback_urls = {"https://other.example/callback"}
    process, address, said = await connecting.connect_by_browser("--wait", "1")
    assert await called_back(address) == 400
    ended = await connecting.end(process, said=said)
    assert ended.code == ExitCode.UNAVAILABLE
    assert f"http://localhost:{connecting.port}{PATH}" in ended.err
    assert "redirect_uri_mismatch" in ended.err


@pytest.mark.parametrize("flow", ["jwt", "client-credentials"])
async def test_without_anybody(connecting: Connecting, flow: str) -> None:
    org = connecting.server.org
    if flow == "jwt":
        private, org.app.public_key_pem = make_key()
        key = connecting.folder / "app.pem"
        key.write_bytes(private)
        # A JWT's time is real.
        org.clock.set(datetime.now(UTC))
        more = ["--username", next(iter(org.credentials)), "--key-file", str(key)]
    else:
        more = ["--client-secret-file", connecting.secret_file()]
    ended = await connecting.run("connect", "acme", *connecting.options("--flow", flow, *more))
    assert ended.code == 0, ended.err
    assert "Connected: Acme" in ended.out
    connecting.check_nothing_secret_was_said()
    # An org of the settings uses it.
    settings = Settings(connections=connecting.where, orgs={"acme": SalesforceConfig(connection="acme")})
    assert [each.name for each in await org_stages(settings, "acme")][-1] == "Closed Lost"


async def test_the_life_of_a_connection(connecting: Connecting) -> None:
    secret = connecting.secret_file()
    connect = (
        "connect",
        "acme",
        *connecting.options("--flow", "client-credentials", "--client-secret-file", secret),
    )
    assert (await connecting.run(*connect)).code == 0
    listed = json.loads((await connecting.run("connections", "list", "--json")).out)
    assert [(each["name"], each["status"]) for each in listed] == [("acme", "connected")]
    assert "Acme" in (await connecting.run("connections", "show", "acme")).out
    key = connecting.where.keys_file.read_text()
    rotated = await connecting.run("connections", "rotate-key")
    assert (rotated.code, "1 sealed anew" in rotated.out) == (0, True), rotated.err
    assert key not in connecting.where.keys_file.read_text()
    assert (await connecting.run("connections", "disable", "acme")).code == 0
    disabled = await connecting.run("connections", "test", "acme")
    assert (disabled.code, "--off" in disabled.err) == (ExitCode.CONFIGURATION, True)
    assert (await connecting.run("connections", "disable", "acme", "--off")).code == 0
    assert (await connecting.run("connections", "test", "acme")).code == 0
    connecting.check_nothing_secret_was_said()
    assert (await connecting.run("connections", "forget", "acme", given="n\n")).code == ExitCode.INCOMPLETE
    assert (await connecting.run("connections", "forget", "acme", "--yes")).code == 0
    gone = await connecting.run("connections", "show", "acme")
    assert (gone.code, "dealwire connect acme" in gone.err) == (ExitCode.USAGE, True)
    assert not list(connecting.where.folder.rglob("*.sealed"))


async def test_who_forgets_ends_the_grant_in_salesforce(connecting: Connecting) -> None:
    process, address, said = await connecting.connect_by_browser()
    assert await called_back(await connecting.visit(address, "allow")) == 200
    assert (await connecting.end(process, said=said)).code == 0
    assert connecting.server.org.sessions._refresh
    assert (await connecting.run("connections", "forget", "acme", "--yes")).code == 0
    assert not connecting.server.org.sessions._refresh


async def test_a_name_is_one_orgs(connecting: Connecting) -> None:
    given = ("--flow", "client-credentials", "--client-secret-file", connecting.secret_file())
    assert (await connecting.run("connect", "acme", *connecting.options(*given))).code == 0
    before = ConnectionBook(connecting.where.folder).get("acme")
    other = Org(seed=2).org_id
    connecting.server.org.org_id = other
    ended = await connecting.run("connect", "acme", *connecting.options(*given))
    assert (ended.code, "another org" in ended.err) == (ExitCode.USAGE, True)
    assert ConnectionBook(connecting.where.folder).get("acme") == before
    tested = await connecting.run("connections", "test", "acme")
    assert (tested.code, f"leads to the org {other}" in tested.err) == (ExitCode.REFUSED, True)


async def test_the_same_name_is_connected_again(connecting: Connecting) -> None:
    for _ in range(2):
        given = ("--flow", "client-credentials", "--client-secret-file", connecting.secret_file())
        assert (await connecting.run("connect", "acme", *connecting.options(*given))).code == 0


async def test_what_is_missing_is_named_with_who_gives_it(connecting: Connecting) -> None:
    org = connecting.server.org
    for name in ("OwnerId", "Amount"):
        org.access.hide("Opportunity", name, org.integration_user_id)
    given = ("--flow", "client-credentials", "--client-secret-file", connecting.secret_file())
    ended = await connecting.run("connect", "acme", *connecting.options(*given))
    assert ended.code == ExitCode.REFUSED
    assert "hidden: OwnerId" in ended.out
    assert "! other fields: hidden: Amount" in ended.out
    assert "permission set read access" in ended.out
    assert "dealwire connections test acme" in ended.out


@pytest.mark.parametrize(
    ("error", "description", "said"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorized"),
        ("invalid_app_access", "user is not admin approved to access this app", "permission set of the app"),
        ("invalid_client", "invalid client credentials", "client_secret"),
        ("invalid_client_id", "client identifier invalid", "client_id"),
        ("invalid_grant", "authentication failure", "Login History"),
    ],
)
async def test_a_refused_login_names_who_changes_what(
    connecting: Connecting, error: str, description: str, said: str
) -> None:
    body = json.dumps({"error": error, "error_description": description})
    connecting.server.faults.http.append(HttpFault("/services/oauth2/token", status=400, body=body))
    given = ("--flow", "client-credentials", "--client-secret-file", connecting.secret_file())
    ended = await connecting.run("connect", "acme", *connecting.options(*given))
    assert ended.code == ExitCode.REFUSED
    assert error in ended.err
    assert said in ended.err.replace("\n", " ")
    assert ConnectionBook(connecting.where.folder).names() == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("connect", "../acme", "--client-id", "x"), "cannot be the name"),
        (("connect", "acme", "--client-id", "x", "--flow", "client-credentials"), "My Domain only"),
        (("connect", "acme", "--client-id", "x", "--flow", "jwt"), "--username and --key-file"),
        (("connect", "acme", "--client-id", ""), "client_id"),
        (
            ("connect", "acme", "--client-id", "x", "--org", "acme.lightning.force.com"),
            "acme.my.salesforce.com",
        ),
        (("connect", "acme", "--client-id", "x", "--paste", "--client-secret-file", "-"), "standard input"),
        (("connections", "show", "acme"), "there is no connection"),
        (("connections", "show", "../acme"), "cannot be the name"),
    ],
)
async def test_what_cannot_be_is_said_at_once(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    connecting = Connecting(OrgServer(small_org().org), tmp_path, 8717)
    ended = await connecting.run(*arguments)
    assert ended.code == ExitCode.USAGE, ended.err
    assert said in ended.err


async def test_in_a_real_browser(connecting: Connecting, browser: Browser) -> None:
    process, address, said = await connecting.connect_by_browser()
    credential = next(iter(connecting.server.org.credentials.values()))
    await browser.open(address)
    await browser.write("#username", credential.username)
    await browser.write("#password", credential.password)
    await browser.click("#Login")
    await browser.shows("Perform requests at any time")
    await browser.click("#oaapprove")
    await browser.shows("Thank you")
    ended = await connecting.end(process, said=said)
    assert ended.code == 0, ended.err
    assert "Connected: Acme" in ended.out
    connecting.check_nothing_secret_was_said()
