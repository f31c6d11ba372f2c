"""Every story by its name: that of the function which plays it."""

from collections.abc import Callable, Mapping
from inspect import getdoc

from tests.histories import of_examples, of_steps
from tests.histories.files import Plain
from tests.histories.recording import Stage


def _played(module: object) -> dict[str, Callable[[], Stage]]:
    return {
        name.replace("_", "-"): play
        for name, play in vars(module).items()
        if not name.startswith("_") and getattr(play, "__module__", "") == getattr(module, "__name__", None)
    }


STORIES: Mapping[str, Callable[[], Stage]] = {**_played(of_examples), **_played(of_steps)}


def record(name: str) -> Plain:
    """Play a story, and give its history."""
    play = STORIES[name]
    return play().history(getdoc(play) or "")
