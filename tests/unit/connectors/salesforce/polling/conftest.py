"""What the tests of polling share."""

import pytest

from connectors.salesforce.simulator.org import Org


@pytest.fixture
def org() -> Org:
    return Org(seed=5, jitter_seconds=0)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    rows = 20
    for module in ("query", "reader"):
        monkeypatch.setattr(f"connectors.salesforce.polling.{module}.ROWS_PER_PAGE", rows)
    return rows
