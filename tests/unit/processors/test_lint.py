"""Lint finds what would go wrong in a workflow, says where it stands, and lets good ones pass."""

import pytest

from processors.lint import lint
from processors.lint_library import Finding, library
from processors.yaml_documents import parse
from schemas.errors import DefinitionError
from tests.unit.processors.engine import ROOT

SHARED = (ROOT / "examples" / "shared.yaml").read_text("utf-8")
HEAD = "kind: workflow\nname: w\ntrigger: {stages: [Won]}\nsteps:\n"
CREATE = "  - {id: create, type: create_account, mapping: standard}\n"
ASSIGN = "  - {id: assign, type: assign_csm, queue: onboarding}\n"
DONE = "  - {id: done, type: end}\n"


def mail(step: str, subject: str) -> str:
    """A workflow whose first steps are given, and that then sends a mail with this subject from line 5 on."""
    sends = "  - {id: send, type: send_email, email: own, to: [deal.owner.email]}\n"
    return f"{HEAD}{step}{sends}{DONE}---\nkind: email\nname: own\ntext: t\nsubject: '{subject}'\n"


def fork(*conditions: str) -> str:
    """A workflow with one branch to a line, from line 8 on, each beginning in column 16."""
    branches = "".join(f'      - {{when: "{condition}", next: done}}\n' for condition in conditions)
    return f"{HEAD}  - id: fork\n    type: condition\n    branches:\n{branches}    default: done\n{DONE}"


def found(text: str) -> list[Finding]:
    mine = parse(text, "flows.yaml")
    return lint(mine, library([*parse(SHARED, "shared.yaml"), *mine]))


def test_the_examples_are_clean() -> None:
    files = sorted((ROOT / "examples").glob("*.yaml"))
    placed = [each for file in files for each in parse(file.read_text("utf-8"), file.name)]
    assert len(files) > 3
    assert lint(placed, library(placed)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            HEAD + "  - {id: create, type: create_account, next: don}\n" + DONE,
            "5:46: error: there is no step don. Did you mean done?",
        ),
        (
            HEAD + "  - {id: create, type: create_account, next: done}\n" + ASSIGN + DONE,
            "6:5: error: no way leads to the step assign. Lead one there, or take it out.",
        ),
        (
            HEAD + "  - {id: pause, type: wait, until: deal.close_date, next: pause}\n",
            "5:5: error: from the step pause a way leads back to it, without end.",
        ),
        (
            HEAD + "  - {id: create, type: create_account, next: create}\n",
            "5:5: error: from the step create a way leads back to it, without end.",
        ),
        (HEAD + CREATE, "5:5: error: after the step create nothing follows. Add a step of type end."),
        (
            HEAD + CREATE.replace("standard", "standrd") + DONE,
            "5:49: error: there is no mapping standrd. Did you mean standard?",
        ),
        (
            HEAD + CREATE + "  - {id: t, type: apply_template, template: smb-onbording}\n" + DONE,
            "6:45: error: there is no template smb-onbording. Did you mean smb-onboarding?",
        ),
        (
            HEAD + "  - {id: m, type: send_email, email: handof, to: [a@thread.example]}\n" + DONE,
            "5:38: error: there is no email handof. Did you mean handoff?",
        ),
        (
            HEAD + ASSIGN.replace("onboarding", "onbording") + DONE,
            "5:43: error: there is no queue onbording. Did you mean onboarding?",
        ),
        (
            HEAD + "  - {id: m, type: send_email, email: own, to: [deal.owner.emial]}\n" + DONE
            + "---\nkind: email\nname: own\nsubject: s\ntext: t\n",
            "5:48: error: deal.owner.emial: there is no emial. Did you mean email?",
        ),
        (
            HEAD + CREATE + "  - {id: t, type: apply_template, template: smb-onboarding, "
            + "variables: {a: deal.nam}}\n" + DONE,
            "6:76: error: deal.nam: there is no nam. Did you mean name?",
        ),
        (
            HEAD + "  - {id: t, type: apply_template, template: own}\n" + DONE
            + "---\nkind: template\nname: own\nsections: {a: b}\n",
            "5:5: error: there is no account yet on every way here. Create it first.",
        ),
        (
            HEAD.replace("]}", "], filter: deal.amout > 1.0}") + CREATE + DONE,
            "3:34: error: deal.amout: there is no amout. Did you mean amount?",
        ),
        (
            HEAD.replace("]}", "], filter: account == null}") + CREATE + DONE,
            "3:34: error: account is not known yet on every way here. Create or assign it first.",
        ),
        (fork("deal.amout > 1"), "8:16: error: deal.amout: there is no amout. Did you mean amount?"),
        (fork("deal.e == ''"), "8:16: error: deal.e: there is no e."),
        (fork("deal.name.deal == ''"), "8:16: error: deal.name.deal: there is no deal."),
        (
            fork("csm.name == 'A'"),
            "8:16: error: csm is not known yet on every way here. Create or assign it first.",
        ),
        (fork("deal.name"), "8:16: error: 'deal.name' gives str, not true or false."),
        (fork("contacts[9].name == ''"), "index out of bounds"),
        (fork("deal.is_won &"), "8:16: error: not a CEL expression"),
        (fork("deal.is_won", "deal.is_won "), "9:16: error: this branch is never taken."),
        (fork("false"), "8:16: warning: it is always false."),
    ],
)  # fmt: skip
def test_each_thing_wrong_is_found_once_where_it_stands(text: str, expected: str) -> None:
    (finding,) = found(text)
    assert expected in f"{finding.line}:{finding.column}: " + str(finding).partition(": ")[2]
    assert str(finding).startswith(f"flows.yaml:{finding.line}:")


def test_nothing_is_taken_after_a_branch_that_always_holds() -> None:
    lines = [(each.line, each.severity) for each in found(fork("true", "deal.is_won", "deal.is_closed"))]
    assert lines == [(8, "warning"), (9, "error"), (10, "error")]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + CREATE + ASSIGN + DONE,
        fork("deal.custom.Region__c == 'EMEA'"),
        fork("company.custom.Tier__c == 'x' && deal.amount > 1"),
        fork("contacts.size() > 1 && contacts[1].primary"),
        fork("contacts.exists(c, c.primary)"),
        mail("", "{{ deal.custom.Region__c }}"),
        mail(ASSIGN, "{{ csm.name }}"),
        mail("", '{{ csm.name if csm else "nobody" }}'),
    ],
)
def test_what_is_right_passes(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("steps", "subject", "expected"),
    [
        ("", "{{ deal.nmae }}", [(5, "nmae"), (11, "nmae")]),
        ("", "{{ dael.name }}", [(5, "speaks of dael, which is not known"), (11, "speaks of dael")]),
        ("", "{{ deal.name", [(5, "not a template"), (11, "not a template")]),
        ("", "{{ csm.name }}", [(5, "'None' has no attribute 'name'")]),
        (ASSIGN.replace("}", ", next: send}"), "{{ csm.nme }}", [(6, "nme"), (12, "nme")]),
    ],
)
def test_a_mail_is_tried_where_it_is_sent_and_where_it_stands(
    steps: str, subject: str, expected: list[tuple[int, str]]
) -> None:
    findings = found(mail(steps, subject))
    assert [each.line for each in findings] == [line for line, _ in expected]
    for finding, (_, words) in zip(findings, expected, strict=True):
        assert words in finding.what


def test_a_csm_assigned_on_one_way_only_is_not_known() -> None:
    branches = "    branches: [{when: deal.is_won, next: assign}]\n"
    steps = f"  - id: fork\n    type: condition\n{branches}    default: send\n"
    findings = found(mail(steps + ASSIGN, "{{ csm.name }}"))
    assert [(each.line, each.what) for each in findings] == [
        (10, "the template cannot be filled: 'None' has no attribute 'name'")
    ]


def test_a_template_misses_a_variable_that_its_step_does_not_give() -> None:
    text = (
        HEAD + CREATE + "  - {id: t, type: apply_template, template: own, variables: {a: deal.name}}\n" + DONE
        + "---\nkind: template\nname: own\nsections: {one: '{{ vars.a }}', two: '{{ vars.b }}'}\n"
    )  # fmt: skip
    (finding,) = found(text)
    assert (finding.line, finding.column) == (6, 45)
    assert "'b'" in finding.what


def test_a_mapping_is_looked_through() -> None:
    text = (
        "kind: mapping\nname: m\nfields:\n"
        "  - {source: deal.nme, target: nam}\n"
        "  - {source: deal.amount, target: arr, transform: annualise, term: deal.terms}\n"
        "  - {source: account.name, target: custom.X}\n"
        "  - {source: deal.custom.Any__c, target: qqqq}\n"
    )
    assert [str(each) for each in found(text)] == [
        "flows.yaml:4:14: error: deal.nme: there is no nme. Did you mean name?",
        "flows.yaml:4:32: error: an account has no field nam. Did you mean name?",
        "flows.yaml:5:68: error: deal.terms: there is no terms.",
        "flows.yaml:6:14: error: account is not known yet on every way here. Create or assign it first.",
        "flows.yaml:7:42: error: an account has no field qqqq. Write custom.NAME for one of your own.",
        "flows.yaml:3:1: warning: nothing fills the account's name. Map deal.name to name.",
    ]


def test_a_name_defined_twice_says_where_the_other_one_is() -> None:
    queue = "kind: queue\nname: onboarding\nmembers: [{name: A, email: a@thread.example}]\n"
    with pytest.raises(DefinitionError) as caught:
        found(queue)
    assert "the queue onboarding is defined twice (flows.yaml:2:7)" in str(caught.value)
    assert "The other one is in shared.yaml, line" in caught.value.todo


def test_kinds_have_names_of_their_own() -> None:
    text = "kind: template\nname: onboarding\nsections: {a: b}\n"
    assert found(text) == []
