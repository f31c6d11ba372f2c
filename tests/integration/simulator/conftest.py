"""The simulated org that these tests are about, and its clients."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fixtures.login import PUBLIC_KEY, Login
from tests.fixtures.served_org import Api, serving
from tests.fixtures.small_org import SmallOrg, small_org


@pytest.fixture(name="small")
def _small() -> SmallOrg:
    return small_org()


@pytest.fixture(name="api")
async def _api(small: SmallOrg) -> AsyncIterator[Api]:
    token = small.org.sessions.issue(small.user, "test").token
    async with serving(small.org) as url, aiohttp.ClientSession() as http:
        yield Api(http, url, token)


@pytest.fixture(name="login")
async def _login() -> AsyncIterator[Login]:
    org = small_org().org
    org.app.public_key_pem = PUBLIC_KEY
    async with serving(org) as url, aiohttp.ClientSession() as http:
        yield Login(org, http, url)
