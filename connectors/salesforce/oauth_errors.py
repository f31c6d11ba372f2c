"""What the token endpoint's refusals mean, and who must change what.

Source of the texts: Salesforce Help, "OAuth 2.0 Authorization Errors".
"""

from schemas.errors import RefusedError

_BY_DESCRIPTION = (
    (
        "user hasn't approved this consumer",
        "A Salesforce admin must pre-authorise the user for this app, by a profile or permission set.",
    ),
    (
        "audience validation failed",
        "Put the login host of production or of sandboxes into login_url, or the org's own My Domain.",
    ),
    (
        "authentication failure",
        "A Salesforce admin must check that the user is active and not locked out.",
    ),
    ("expired access/refresh token", "Connect the org again: the grant was revoked or ran out."),
    (
        "request not supported on this domain",
        "Put the org's My Domain (https://NAME.my.salesforce.com) into login_url.",
    ),
    (
        "invalid assertion",
        "Check that jwt_key_file belongs to the certificate in the app, and the clock of this machine.",
    ),
)
_BY_ERROR = {
    "invalid_app_access": "A Salesforce admin must approve the user for this app.",
    "invalid_client": "Check client_id and client_secret against the app; was the secret rotated?",
    "invalid_client_id": "Check client_id against the app's consumer key, and that it belongs to this org.",
    "unsupported_grant_type": "A Salesforce admin must enable this flow on the app.",
    "inactive_user": "A Salesforce admin must activate the user.",
    "inactive_org": "The org is locked or closed; ask Salesforce.",
}
_OTHERWISE = "Compare flow, client_id and the app's policies with docs/configuration.md."
_LONGEST = 200


def login_refused(error: str, description: str, on: str) -> RefusedError:
    """Make the refusal of a login into an error that says who must change what."""
    lowered = description.lower()
    todo = next(
        (advice for text, advice in _BY_DESCRIPTION if text in lowered), _BY_ERROR.get(error, _OTHERWISE)
    )
    return RefusedError(
        f"Salesforce refuses the login: {error[:_LONGEST]} ({description[:_LONGEST]})", on=on, todo=todo
    )
