"""Where fixtures come from; each file of tests/fixtures holds those of one thing."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

pytest_plugins = [
    "tests.fixtures.browser",
    "tests.fixtures.connecting",
    "tests.fixtures.kafka",
    "tests.fixtures.postgres",
    "tests.fixtures.registry",
    "tests.fixtures.tls",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of the fault tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: make faults"))


@pytest.fixture(autouse=True, scope="session")
def _loggers_are_not_kept() -> Iterator[None]:
    """Have a logger ask each time how to log: kept in one test, it would log that test's way in the next."""
    configure = structlog.configure

    def not_kept(**how: Any) -> None:
        configure(**{**how, "cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", not_kept)
        yield


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a command run within the test made of the logs: the next test may read them."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
