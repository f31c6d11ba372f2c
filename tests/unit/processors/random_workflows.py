"""Well-formed workflows drawn at random: every type of step, branches, time-outs, loops through people."""

from typing import Any

from hypothesis import strategies as st

from processors.step_graph import comes_back, ways
from schemas.definition.documents import Email, Mapping, Template, Workflow, WorkflowVersion
from schemas.definition.people import Group

BOSS, PEER = "m@acme.example", "peer@thread.example"

_MAPPING = {"kind": "mapping", "name": "standard", "fields": [{"source": "deal.name", "target": "name"}]}
_TEMPLATE = {"kind": "template", "name": "plain", "sections": {"hello": "Hello {{ deal.name }}"}}
_EMAIL = {"kind": "email", "name": "plain", "subject": "{{ deal.name }}", "text": "{{ run.id }}"}
_GROUP = {"kind": "group", "name": "desk", "members": [BOSS, PEER, "third@thread.example"]}

_TYPES = ("create_account", "condition", "assign_csm", "apply_template", "form", "approval", "send_email",
          "wait", "set", "publish", "brief")  # fmt: skip
_TRUE_LATER = "deal.next_step == 'Signed'"


@st.composite
def versions(draw: st.DrawFn) -> WorkflowVersion:
    """Draw a workflow of two to seven steps before its ends, in which no way goes round without waiting."""
    count = draw(st.integers(2, 7))
    names = [f"s{number}" for number in range(count)] + ["good", "bad"]
    steps = [draw(_step(name, names)) for name in names[:count]]
    steps.append({"id": "good", "type": "end", "outcome": "ready"})
    steps.append({"id": "bad", "type": "end", "outcome": "rejected"})
    trigger = {
        "stages": ["Closed Won"],
        "enrol": draw(st.sampled_from(["once", "per_entry", "after_end"])),
        "on_leave": draw(st.sampled_from(["continue", "cancel", "ask"])),
        "filter": draw(st.sampled_from([None, "deal.amount > 1000.0", "deal.amount > 1000000.0"])),
    }
    workflow = Workflow.model_validate({"kind": "workflow", "name": "w", "trigger": trigger, "steps": steps})
    if any(comes_back(workflow, step.id) for step in workflow.steps):
        # A way that goes round without waiting is refused by lint: let every step go on to the next instead.
        straight = [{key: step[key] for key in step if key not in _NAMING} for step in steps]
        workflow = Workflow.model_validate(
            {
                "kind": "workflow",
                "name": "w",
                "trigger": trigger,
                "steps": [_mended(each) for each in straight],
            }
        )
    assert set(ways(workflow)) == set(names)
    return WorkflowVersion(
        name="w",
        version=1,
        workflow=workflow,
        mappings={"standard": Mapping.model_validate(_MAPPING)},
        templates={"plain": Template.model_validate(_TEMPLATE)},
        emails={"plain": Email.model_validate(_EMAIL)},
        groups={"desk": Group.model_validate(_GROUP)},
    )


_NAMING = ("next", "on_error", "on_time_out")


def _mended(step: dict[str, Any]) -> dict[str, Any]:
    if step["type"] == "condition":
        return {**step, "branches": [{"when": "deal.is_won", "next": "good"}], "default": "bad"}
    return {**step, "rejected": "bad"} if step["type"] == "approval" else step


@st.composite
def _step(draw: st.DrawFn, name: str, names: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(_TYPES))
    anywhere = st.sampled_from(names)
    step: dict[str, Any] = {"id": name, "type": kind}
    if draw(st.integers(0, 4)) == 0:
        step["when"] = draw(st.sampled_from(["deal.is_won", "deal.amount > 1000000.0"]))
    if draw(st.integers(0, 3)) == 0:
        step["on_error"] = draw(anywhere)
    if draw(st.integers(0, 2)) == 0:
        step["time_out"] = draw(st.sampled_from(["10m", "2h", "1d"]))
        if draw(st.booleans()):
            step["on_time_out"] = draw(anywhere)
    if draw(st.integers(0, 3)) == 0:
        step["retry"] = {"attempts": draw(st.integers(1, 4)), "first": "5s", "longest": "1m"}
    if kind != "condition" and draw(st.integers(0, 3)) == 0:
        step["next"] = draw(anywhere)
    return step | draw(_particulars(kind, anywhere))


def _particulars(kind: str, anywhere: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    asked: dict[str, Any] = {
        "to": st.sampled_from([["deal.owner.manager_email"], ["group:desk"], [PEER], ["deal.next_step"]]),
        "title": st.just("About {{ deal.name }}"),
        "email": st.sampled_from([None, "plain"]),
        "remind": st.sampled_from([[], ["1h"], ["1h", "3h"]]),
        "escalate": st.sampled_from([None, {"after": "2h", "to": [PEER]}]),
    }
    goals = {"name": "goals", "label": "Goals", "required": True, "maps_to": "custom.goals"}
    seats = {"name": "seats", "label": "Seats", "type": "number"}
    fitting = st.sampled_from([seats, {**seats, "maps_to": "size"}, {**seats, "maps_to": "arr"}])
    made: dict[str, dict[str, Any]] = {
        "create_account": {"existing": st.sampled_from(["create", "link", "ask"])},
        "condition": {
            "branches": st.builds(lambda goto: [{"when": "deal.amount > 50000.0", "next": goto}], anywhere),
            "default": anywhere,
        },
        "assign_csm": {"queue": st.just("q")},
        "apply_template": {"template": st.just("plain")},
        "form": {**asked, "fields": fitting.map(lambda field: [goals, field])},
        "approval": {**asked, "need": st.sampled_from(["any", "all", 2]), "rejected": anywhere},
        "send_email": {"email": st.just("plain"), "to": st.just([PEER])},
        "set": {"values": st.just({"twice": "deal.amount * 2.0"})},
        "publish": {"topic": st.just("handoffs"), "values": st.just({"amount": "deal.amount"})},
        "brief": {},
    }
    if kind == "wait":
        waits = st.sampled_from(
            [{"duration": "30m"}, {"until": "deal.close_date"}, {"until_true": _TRUE_LATER}]
        )
        return waits.map(dict)
    return st.fixed_dictionaries(made[kind])
