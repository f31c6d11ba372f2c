"""An org behind its Streaming API, and a client of it."""

import pytest

from connectors.salesforce.simulator.cometd.bayeux import Bayeux
from connectors.salesforce.simulator.org import Org
from tests.fixtures.bayeux import Client


@pytest.fixture
def bayeux() -> Bayeux:
    return Bayeux(Org(jitter_seconds=0))


@pytest.fixture
def client(bayeux: Bayeux) -> Client:
    """Give one that has shaken hands and connected once."""
    made = Client(bayeux)
    made.begin()
    return made
