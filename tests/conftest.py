"""Where fixtures come from; each file of tests/fixtures holds those of one thing."""

from collections.abc import Iterator

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


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a command run within the test made of the logs: the next test may read them."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
