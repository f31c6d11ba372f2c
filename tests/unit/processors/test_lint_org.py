"""Definitions held to one org."""

import pytest

from processors.lint_org import OrgFacts, lint_against
from processors.yaml_documents import parse

ORG = OrgFacts(
    "00D5g000004ZpXyEAK",
    "production",
    ("Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost"),
    {"Opportunity": frozenset({"Name", "Region__c", "Seats__c"}), "Account": frozenset({"Tier__c"})},
)


def workflow(trigger: str, when: str = "deal.is_won") -> str:
    return (
        f"kind: workflow\nname: w\ntrigger:\n  {trigger}\nsteps:\n"
        f'  - id: done\n    type: end\n    when: "{when}"\n'
    )


WON = "stages: [Closed Won]"
MAPPING = "kind: mapping\nname: m\nfields:\n  - {source: company.custom.Size__c, target: custom.size}\n"
TEMPLATE = "kind: template\nname: t\nsections:\n  hello: '{{ deal.custom.Seat__c }} seats'\n"
THERE = "It has: Prospecting, Negotiation/Review, Closed Won, Closed Lost."
STAGE = "error: the org production has no active stage"
MEANT = "Did you mean Closed Won?"
FIELD = "that may be read."
ADD = "Add it, or let the integration user read it."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (workflow(WON), ""),
        (
            workflow("stages: [Closed Won, closed won]"),
            f"4:24: {STAGE} 'closed won'. Did you mean Closed Won?",
        ),
        (workflow("stages: [Closed Wone]"), f"4:12: {STAGE} 'Closed Wone'. {MEANT}"),
        (workflow("stages: [Umbau]"), f"4:12: {STAGE} 'Umbau'. {THERE}"),
        (workflow("{orgs: [00D5g000004ZpXzEAK], stages: [Umbau]}"), ""),
        (workflow(WON, "deal.custom.region__c == 'EMEA'"), ""),
        (
            workflow(WON, "deal.custom.Regoin__c == company.custom.Tier__c"),
            f"8:11: error: Opportunity of production has no field Regoin__c {FIELD} Did you mean Region__c?",
        ),
        (
            MAPPING,
            f"4:14: error: Account of production has no field Size__c {FIELD} {ADD}",
        ),
        (
            TEMPLATE,
            f"4:10: error: Opportunity of production has no field Seat__c {FIELD} Did you mean Seats__c?",
        ),
    ],
)
def test_what_does_not_fit_the_org_is_found_with_what_was_meant(text: str, expected: str) -> None:
    found = [str(each).removeprefix("flows.yaml:") for each in lint_against(parse(text, "flows.yaml"), ORG)]
    assert found == ([expected] if expected else [])
