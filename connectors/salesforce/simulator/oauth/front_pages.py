"""The two pages that a person sees who connects an app: the login, and what the app asks for."""

from collections.abc import Iterable, Mapping
from html import escape

from aiohttp import web

from connectors.salesforce.simulator.oauth.consent import SCOPES

__all__ = ["consent_page", "login_page"]


def login_page(action: str, carried: Mapping[str, str], warning: str) -> web.Response:
    """Give the login page; `carried` is what the app asked for."""
    hidden = "".join(_hidden(name, value) for name, value in carried.items())
    return _page(
        "Login",
        f'<h1>Log in</h1><p id="error">{escape(warning)}</p><form method="post" action="{action}">{hidden}'
        '<label>Username <input name="username" id="username" autocomplete="username"></label> '
        '<label>Password <input name="password" id="password" type="password"></label> '
        '<button id="Login">Log In</button></form>',
    )


def consent_page(action: str, ticket: str, username: str, scopes: Iterable[str]) -> web.Response:
    """Give the page that shows what the app asks for, to be allowed or denied."""
    listed = "".join(
        f'<li data-scope="{each}">{escape(SCOPES[each])} ({each})</li>' for each in sorted(scopes)
    )
    return _page(
        "Allow Access?",
        f"<h1>Allow Access?</h1><p>The app is asking to:</p><ul>{listed}</ul>"
        f'<form method="post" action="{action}">{_hidden("ticket", ticket)}'
        '<button name="decision" value="deny" id="oadeny">Deny</button> '
        '<button name="decision" value="allow" id="oaapprove">Allow</button></form>'
        f"<p>Logged in as {escape(username)}</p>",
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _page(title: str, body: str) -> web.Response:
    text = f"<!doctype html><title>{title} | Simulated Salesforce</title>{body}"
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})
