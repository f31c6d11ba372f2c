"""The OpenAPI document: what the routes say of themselves, with who may use them and how they fail."""

from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from streams.api.guard import SAFE
from streams.api.problems import MEDIA_TYPE
from streams.api.roles import ALLOWED

_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API token of the settings, or an ID token of the OpenID provider they name.",
}

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key of the same person means the same change; with another body it is refused.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]+$", "minLength": 1, "maxLength": 200},
}


def openapi(app: FastAPI) -> dict[str, Any]:
    """Give the document."""
    document = deepcopy(app.openapi())
    document["components"]["securitySchemes"] = {"bearer": _BEARER}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            failure = operation["responses"]["default"]
            (shape,) = failure["content"].values()
            failure["content"] = {MEDIA_TYPE: shape}
            if method.upper() not in SAFE:
                operation.setdefault("parameters", []).append(_KEY)
            roles = ALLOWED.get((method.upper(), path))
            if roles is not None:
                operation["security"] = [{"bearer": []}]
                operation["x-roles"] = sorted(roles)
    return document
