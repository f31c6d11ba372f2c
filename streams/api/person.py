"""Who passed the door of a request."""

from fastapi import Request

from streams.api.identity import Person


def person_of(request: Request) -> Person:
    """Give who asks."""
    person: Person = request.state.person
    return person
