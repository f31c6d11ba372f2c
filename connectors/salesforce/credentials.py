"""What a connection keeps secret: the app's secret and, for the browser flow, the tokens."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from connectors.salesforce.token import Token
from connectors.salesforce.token_endpoint import Grant
from schemas.errors import UnreadableError

__all__ = ["Credentials"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Empty is what there is not. `access_token` is the last one granted, `issued_at` when, in ISO 8601."""

    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    instance_url: str = ""
    org_id: str = ""
    issued_at: str = ""

    @classmethod
    def parse(cls, text: str, *, on: str) -> "Credentials":
        """Read what `text` wrote. Raises `UnreadableError` without showing it."""
        try:
            return cls(**{str(name): str(value) for name, value in json.loads(text).items()})
        except (ValueError, TypeError, AttributeError):
            raise UnreadableError(
                "the secret of a connection is not one", on=on, todo="Connect again."
            ) from None

    def text(self) -> str:
        """Write all of it, secrets too: for a secret store and nothing else."""
        return json.dumps(asdict(self))

    def granted(self, grant: Grant, at: datetime) -> "Credentials":
        """Give these with what was granted; the refresh token stays where the grant has no new one."""
        return replace(
            self,
            refresh_token=grant.refresh_token or self.refresh_token,
            access_token=grant.token.access_token,
            instance_url=grant.token.instance_url,
            org_id=grant.token.org_id,
            issued_at=at.isoformat(),
        )

    @property
    def token(self) -> Token:
        """The last access token."""
        return Token(self.access_token, self.instance_url, self.org_id)
