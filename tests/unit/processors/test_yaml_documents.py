"""Definition files are read strictly, and every error says where it stands and what to write."""

import pytest

from processors.yaml_documents import parse
from schemas.errors import DefinitionError

WORKFLOW = "kind: workflow\nname: w\ntrigger: {stages: [Won]}\nsteps:\n"
QUEUE = "kind: queue\nname: q\nmembers:\n  - {name: A, email: a@thread.example}\n"
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (WORKFLOW + "  - {id: a, type: end, outcom: x}\n", 5, 24, "steps.0.outcom is not known here"),
        (WORKFLOW + "  - {id: a, type: end, outcom: x}\n", 5, 24, "Did you mean outcome?"),
        (WORKFLOW + "  - {id: a, type: end, zzzzzz: x}\n", 5, 24, "Take it out."),
        ("kind: workflow\nname: w\ntriger:\n  stages: [Won]\n", 3, 1, "Did you mean trigger?"),
        (QUEUE + "  - {name: A, emial: a@b.example}\n", 5, 15, "members.1.emial is not known here"),
        (WORKFLOW + "  - {id: a, type: enb}\n", 5, 19, "type 'enb' is not one of 'create_account'"),
        (WORKFLOW + "  - {id: a, type: enb}\n", 5, 19, "Did you mean end?"),
        (WORKFLOW + "  - {id: a}\n", 5, 5, "steps.0: type is missing"),
        ("kind: workflo\nname: w\n", 1, 7, "Did you mean workflow?"),
        ("name: w\n", 1, 1, "the document: kind is missing"),
        ("kind: [queue]\n", 1, 1, "kind"),
        ("kind: workflow\nname: w\n", 1, 1, "trigger is missing"),
        (WORKFLOW + "  - {type: end}\n", 5, 5, "steps.0.id is missing"),
        (WORKFLOW + "  - {id: A, type: end}\n", 5, 10, "steps.0.id is 'A'"),
        (WORKFLOW + "  - nope\n", 5, 5, "steps.0 is 'nope'"),
        # A field that is called as a kind is.
        (WORKFLOW + "  - id: a\n    type: create_account\n    mapping: 7\n", 7, 14, "steps.0.mapping is 7"),
        (WORKFLOW + "  - id: a\n    type: apply_template\n    template: 7\n", 7, 15, "steps.0.template is 7"),
        ("kind: queue\nname: q\nmembers:\n  - {name: A, email: 1}\n", 4, 22, "members.0.email is 1"),
        ("kind: template\nname: t\nsections:\n  queue: 7\n", 4, 10, "sections.queue is 7"),
        ("kind: template\nname: t\nsections:\n  end: 7\n", 4, 8, "sections.end is 7"),
        ("kind: email\nname: e\nsubject: s\ntext: 1.5\n", 4, 7, "text is 1.5"),
        ("kind: queue\nname: q\nmembers: []\n", 3, 1, "at least 1 item"),
        ("kind: queue\nname: q\nmembers: 3\n", 3, 10, "members is 3"),
        (WORKFLOW + "  - {id: a, type: end}\n" * 2, 1, 1, "the document: the step id a stands twice"),
        (WORKFLOW + "  - {id: a, type: assign_csm}\n", 5, 5, "steps.0: give either person or queue"),
        ("kind: queue\nname: q\nname: r\n", 3, 1, 'duplicate key "name"'),
        (WORKFLOW + "  - {id: a, id: b, type: end}\n", 5, 13, 'duplicate key "id"'),
        ("kind: &kind queue\n", 1, 7, "anchors and aliases"),
        ("kind: *kind\n", 1, 7, "anchors and aliases"),
        (LAUGHS, 1, 5, "anchors and aliases"),
        ("kind: !!str queue\n", 1, 7, "tags are not used"),
        ("kind: !queue q\n", 1, 7, "tags are not used"),
        ("kind: !!python/object/apply:os.system [x]\n", 1, 7, "tags are not used"),
        ("[" * 21 + "]" * 21, 1, 21, "deeper than 20 levels"),
        ("[" * 5000, 1, 21, "deeper than 20 levels"),
        ("- a\n", 1, 1, "a document is a mapping"),
        ("hello\n", 1, 1, "a document is a mapping"),
        ("a: b: c\n", 1, 5, "not YAML: mapping values"),
        ("kind: queue\n\tname: q\n", 2, 1, "not YAML"),
        ("{", 1, 2, "not YAML"),
        ("kind: queue\nname: \x00\n", 0, 0, "not YAML"),
        (QUEUE + "---\n" + QUEUE + "---\n# said here\nkind: queue\nname: Q\n", 13, 7, "name is 'Q'"),
        (QUEUE + "---\nkind: queue\nnam: q\n", 7, 1, "Did you mean name?"),
        ("x" * (1024 * 1024 + 1), 0, 0, "larger than 1048576"),
        ("x: y\n" * 400_000, 0, 0, "larger than 1048576"),
    ],
)
def test_an_error_says_where_it_stands(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(text, "flows.yaml")
    assert words in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.on == (f"flows.yaml:{line}:{column}" if line else "flows.yaml")


@pytest.mark.parametrize("text", ["", "---\n", "---\n---\n", "# nothing but this\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    assert parse(text, "flows.yaml") == []


def test_each_document_knows_where_its_parts_stand() -> None:
    queue, workflow = parse(QUEUE + "---\n" + WORKFLOW + "  - {id: a, type: end}\n", "flows.yaml")
    assert (queue.document.kind, queue.file) == ("queue", "flows.yaml")
    assert queue.place("members", 0, "email") == (4, 22)
    assert workflow.place("steps", 0, "id") == (10, 10)
    assert workflow.place("steps", 0, "outcome") == (10, 5), "what is not there stands where it would"
    assert workflow.place() == (6, 1)


def test_twenty_levels_are_read() -> None:
    with pytest.raises(DefinitionError, match="a document is a mapping"):
        parse("[" * 20 + "]" * 20, "flows.yaml")
