"""Where fixtures come from; each file of tests/fixtures holds those of one thing."""

import pytest

pytest_plugins = [
    "tests.fixtures.browser",
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
