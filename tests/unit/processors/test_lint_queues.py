"""Lint finds what would go wrong in a queue, and facts that a step forgot."""

import pytest

from processors.lint import lint
from processors.lint_library import library
from processors.yaml_documents import parse
from schemas.errors import DefinitionError

ANN, BEN = "name: Ann, email: ann@thread.example", "name: Ben, email: ben@thread.example"


def queue(*members: str, head: str = "") -> str:
    """A queue with a member to each line, from line 4 on (5 with a head), each beginning in column 6."""
    lines = "".join(f"  - {{{member}}}\n" for member in members)
    return f"kind: queue\nname: q\n{head}members:\n{lines}"


def found(text: str) -> list[str]:
    placed = parse(text, "f")
    return [str(each).removeprefix("f:") for each in lint(placed, library(placed))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            queue(ANN, "name: Other, email: Ann@Thread.example"),
            "5:26: error: Ann@Thread.example stands twice. Give a weight instead, under the policy weighted.",
        ),
        (queue("name: Ann"), "4:5: warning: Ann has no e-mail. Nobody can write to them."),
        (
            queue(ANN + ", weight: 3"),
            (
                "4:52: warning: the policy round_robin does not look at a weight. "
                "Write policy: weighted, or take it out."
            ),
        ),
        (
            queue(ANN + ", capacity: 3", BEN, head="policy: least_loaded\n"),
            (
                "4:1: warning: some members have no capacity; they are measured by the largest one. "
                "Give everybody one."
            ),
        ),
        (queue(ANN + ", when: 'facts.r ='"), "4:50: error: not a CEL expression: "),
        (
            queue(ANN + ", when: 'facts.r > 10'"),
            "4:50: error: 'facts.r > 10' cannot be decided: No such overload",
        ),
        (
            queue(ANN + ", when: facts.r"),
            "4:50: error: 'facts.r' gives str, not true or false. A fact is a text",
        ),
        (
            queue(ANN + ", when: 'deal.amount > 1.0'"),
            "4:50: error: deal.amount is not known to a queue. Let the step give it as a fact.",
        ),
        (queue(ANN + ", when: 'fact.r == \"x\"'"), "4:50: error: 'fact.r == \"x\"' cannot be decided"),
    ],
)
def test_each_thing_wrong_is_found_once_where_it_stands(text: str, expected: str) -> None:
    (finding,) = found(text)
    assert finding.startswith(expected)


@pytest.mark.parametrize(
    "text",
    [
        queue(ANN, BEN),
        queue(ANN + ", weight: 3", BEN, head="policy: weighted\n"),
        queue(ANN + ", capacity: 3", BEN + ", capacity: 1", head="policy: least_loaded\n"),
        queue(ANN + ", capacity: 3", BEN),
        queue(ANN + ", capacity: 3", BEN, head="policy: claim\n"),
        queue(ANN + ", away: [{from: 2026-12-24, to: 2027-01-02}]", head="time_zone: Europe/Berlin\n"),
        queue(ANN + ", when: 'double(facts.size) > 10.0'"),
        queue(ANN + ", when: 'timestamp(facts.closed) > timestamp(\"2026-01-01T00:00:00Z\")'"),
        queue(ANN + ', when: \'facts.r in ["EMEA", "AMER"]\''),
    ],
)
def test_what_is_right_passes(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (queue(ANN, head="policy: weigted\n"), 3, "policy is 'weigted'"),
        (queue(ANN, head="polcy: weighted\n"), 3, "polcy is not known here (f:3:1). Did you mean policy?"),
        (queue(ANN + ", weigth: 2"), 4, "members.0.weigth is not known here (f:4:44). Did you mean weight?"),
        (queue(ANN + ", weight: 0"), 4, "members.0.weight is 0"),
        (queue(ANN + ", weight: 101"), 4, "members.0.weight is 101"),
        (queue(ANN + ", capacity: 0"), 4, "members.0.capacity is 0"),
        (queue(ANN + ", away: [{form: 2026-12-24, to: 2027-01-02}]"), 4, "Did you mean from?"),
        (queue(ANN + ", away: [{from: 2026-12-24, to: 2026-12-23}]"), 4, "it ends on 2026-12-23, before"),
        (queue(ANN + ", away: [{from: 2026-12-24}]"), 4, "members.0.away.0.to is missing"),
        (queue(ANN, head="time_zone: Europe/Berln\n"), 3, "there is no time zone"),
        (queue(ANN, head="time_zone: ../../etc/passwd\n"), 3, "there is no time zone"),
        (queue(ANN, head="time_zone: Europe\n"), 3, "there is no time zone"),
    ],
)
def test_a_field_that_does_not_hold_is_refused_where_it_stands(text: str, line: int, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(text, "f")
    assert caught.value.line == line
    assert words in str(caught.value)


STEPS = (
    "kind: workflow\nname: w\ntrigger: {stages: [Won]}\nsteps:\n"
    "  - {id: assign, type: assign_csm, queue: q%s}\n  - {id: done, type: end}\n---\n"
)
BY_REGION = queue(ANN + ", when: 'facts.region == \"EMEA\"'", BEN)
BY_TIER = queue(ANN + ", when: 'has(facts.tier) && facts.tier == \"1\"'", BEN)


@pytest.mark.parametrize(
    ("facts", "of", "expected"),
    [
        (", facts: {region: company.billing_country}", BY_REGION, []),
        (
            "",
            BY_REGION,
            [("5:43: error: members of the queue q ask for facts.region, which is not given here. "
 "Add it: facts: {region: …}.")],
        ),
        (
            ", facts: {region: company.billing_contry}",
            BY_REGION,
            [("5:62: error: company.billing_contry: there is no billing_contry. "
 "Did you mean billing_country?")],
        ),
        (", facts: {region: deal.name, x: deal.name}", BY_REGION,
         ["5:76: warning: no member of the queue q asks for facts.x."]),
        ("", BY_TIER, []),
        (", facts: {tier: deal.name}", BY_TIER, []),
    ],
)  # fmt: skip
def test_a_step_gives_the_facts_that_its_queue_asks_for(facts: str, of: str, expected: list[str]) -> None:
    assert found(STEPS % facts + of) == expected


@pytest.mark.parametrize("facts", [", facts: {Region: deal.name}", ", facts: {a.b: deal.name}"])
def test_a_fact_has_a_name_that_a_condition_can_say(facts: str) -> None:
    with pytest.raises(DefinitionError):
        parse(STEPS % facts, "f")


def test_a_person_needs_no_facts() -> None:
    text = STEPS.replace("queue: q", "person: {name: Ann, email: ann@thread.example}")
    with pytest.raises(DefinitionError, match="a person needs none"):
        parse(text % ", facts: {r: deal.name}", "f")
