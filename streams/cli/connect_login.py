"""Logging in for `dealwire connect`: by a browser here, a browser elsewhere, or without one."""

import asyncio
import sys
import webbrowser

from rich.console import Console
from rich.text import Text

from connectors.ports import SystemClock
from connectors.salesforce.connecting.browser_login import SCOPES, BrowserLogin, NotOursError
from connectors.salesforce.connecting.loopback import PATH, Loopback
from connectors.salesforce.login import OAuthLogin
from connectors.salesforce.token_endpoint import Grant
from schemas.errors import UsageError
from streams.connecting import Wanted

_TRIES = 3


async def by_browser(
    wanted: Wanted, *, port: int, paste: bool, opens: bool, seconds: float, console: Console
) -> Grant:
    """Log a person in: say what is asked for and why, send the browser, and wait for its answer."""
    login = BrowserLogin(wanted.config, f"http://localhost:{port}{PATH}")
    console.print("Salesforce will ask you to allow:")
    for scope, why in SCOPES.items():
        console.print(Text(f"  {scope}: {why}"), soft_wrap=True)
    console.print(Text(f"Log in as the integration user. The app's callback URL is {login.redirect_uri}"))
    if paste:
        code = await _pasted(login, console)
    else:
        waiting = Loopback(login, port)
        await waiting.start()
        try:
            console.print("Open this address in a browser on this machine:")
            _print_address(login, console)
            if opens:
                await asyncio.to_thread(webbrowser.open, login.url)
            code = await waiting.code(seconds)
        finally:
            await waiting.stop()
    return await login.redeem(code, wanted.client_secret)


async def without_browser(wanted: Wanted, console: Console) -> Grant:
    """Log the app in by itself, with what it was given."""
    console.print(Text(f"Logging in at {wanted.config.login_url} by {wanted.config.flow}"))
    return await OAuthLogin(wanted.config, SystemClock()).grant()


async def _pasted(login: BrowserLogin, console: Console) -> str:
    console.print("Open this address in any browser, on any machine:")
    _print_address(login, console)
    console.print("When it shows a page that cannot be reached, copy that page's whole address to here:")
    for _ in range(_TRIES):
        line = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            break
        try:
            return login.code(line)
        except NotOursError as error:
            console.print(Text(f"{error.what}. {error.todo} Once more:", "yellow"), soft_wrap=True)
    raise UsageError(
        "no address of this login was given", todo="Begin anew: an address is good for one login only."
    )


def _print_address(login: BrowserLogin, console: Console) -> None:
    # In one piece, whatever the width: it is there to be copied.
    console.print(Text(f"  {login.url}", "bold"), soft_wrap=True)
