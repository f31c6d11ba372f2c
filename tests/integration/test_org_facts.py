"""What definitions are held to, asked of a simulated org over HTTP."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.salesforce.config import SalesforceConfig
from schemas.errors import DefinitionError, UsageError
from streams.definitions import held_to, read
from streams.orgs import org_facts, org_stages
from streams.settings import Settings
from tests.fixtures.served_org import serving
from tests.fixtures.small_org import SmallOrg, small_org

EXAMPLES = Path(__file__).parents[2] / "examples"


def settings(small: SmallOrg, url: str) -> Settings:
    app = small.org.app
    config = SalesforceConfig(
        login_url=url, client_id=app.client_id, client_secret=SecretStr(app.client_secret)
    )
    return Settings(orgs={"here": config})


async def test_definitions_are_held_to_the_stages_and_fields_of_an_org(tmp_path: Path) -> None:
    small = small_org()
    file = tmp_path / "w.yaml"
    async with serving(small.org) as url:
        facts = await org_facts(settings(small, url), "here")
        known = await org_stages(settings(small, url), "here")
    assert facts.org_id == small.org.org_id
    assert facts.stages == tuple(stage.name for stage in known)
    assert {"Name", "StageName", "Amount"} <= facts.fields["Opportunity"]
    assert {"Name", "Website"} <= facts.fields["Account"]
    trigger = "kind: workflow\nname: w\ntrigger: {stages: [%s]}\nsteps: [{id: done, type: end}]\n"
    file.write_text(trigger % "Closed Won", "utf-8")
    held_to(read([file]), facts)
    file.write_text(trigger % "Closed Wone", "utf-8")
    with pytest.raises(DefinitionError, match="Did you mean Closed Won"):
        held_to(read([file]), facts)


async def test_an_org_that_is_not_connected_is_named() -> None:
    with pytest.raises(UsageError, match="no org 'elsewhere' is connected"):
        await org_facts(Settings(), "elsewhere")
