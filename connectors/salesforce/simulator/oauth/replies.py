"""The bodies of the token endpoint: what is granted, and the words in which it is refused."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

import orjson
from aiohttp import web

__all__ = ["OAuthError", "form_error", "json_error", "json_reply", "signature"]

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_JSON = "application/json"


class OAuthError(Exception):
    """A grant is refused. `error` and `description` are what the client reads."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description
        self.status = status


def signature(secret: str, identity: str, issued_at: str) -> str:
    """Sign a token reply: base64 of HMAC-SHA256, by the client's secret, over `id` + `issued_at`."""
    digest = hmac.new(secret.encode(), (identity + issued_at).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def json_reply(body: Mapping[str, object], status: int = 200) -> web.Response:
    """Answer JSON that nobody may store."""
    return web.Response(
        body=orjson.dumps(body), status=status, headers=_NO_STORE, content_type=_JSON, charset="UTF-8"
    )


def json_error(error: OAuthError) -> web.Response:
    """Answer a refusal as the token and introspection endpoints do."""
    return json_reply({"error": error.error, "error_description": error.description}, error.status)


def form_error(error: OAuthError) -> web.Response:
    """Answer a refusal as the revocation endpoint does: form-encoded."""
    text = urlencode({"error": error.error, "error_description": error.description})
    return web.Response(
        text=text, status=error.status, headers=_NO_STORE, content_type="application/x-www-form-urlencoded"
    )
