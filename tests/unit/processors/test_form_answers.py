"""Answers to a form as people write them: on a command line, or in a file."""

import pytest

from processors.form_answers import from_words, from_yaml
from schemas.errors import DefinitionError, UsageError


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ([], {}),
        (["goals=Grow"], {"goals": "Grow"}),
        (["link=https://x.example/?a=b"], {"link": "https://x.example/?a=b"}),
        ([" goals =  as it stands "], {"goals": "  as it stands "}),
        (["goals="], {"goals": ""}),
        (["a=1", "b=2"], {"a": "1", "b": "2"}),
    ],
)
def test_words(words: list[str], answers: dict[str, str]) -> None:
    assert from_words(words) == answers


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["goals"], "'goals' is no answer"),
        (["=Grow"], "'=Grow' is no answer"),
        (["  =Grow"], "is no answer"),
        (["a=1", "a =2"], "a is answered twice"),
    ],
)
def test_words_that_are_none(words: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        from_words(words)


def test_a_word_that_is_huge_is_not_repeated_whole() -> None:
    with pytest.raises(UsageError) as caught:
        from_words(["x" * 10_000])
    assert len(caught.value.what) < 100


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("", {}),
        ("# nothing but this\n", {}),
        ("seats: 007", {"seats": "007"}),
        ("agreed: yes\nday: 2026-09-30\nprice: 1.50\nnone: null", {"agreed": "yes", "day": "2026-09-30",
         "price": "1.50", "none": "null"}),
        ("goals: |\n  Grow,\n  and stay\n", {"goals": "Grow,\nand stay\n"}),
        ("goals:", {"goals": ""}),
        ("a: &x same\nb: *x", {"a": "same", "b": "same"}),
    ],
)  # fmt: skip
def test_yaml_is_taken_as_it_is_written(text: str, answers: dict[str, str]) -> None:
    assert from_yaml(text, "answers.yaml") == answers


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("- one\n- two", "a mapping of names to values", None),
        ("just text", "a mapping of names to values", None),
        ("goals: [one, two]", "the answer goals is not one value", None),
        ("goals: {a: b}", "the answer goals is not one value", None),
        ("? [a, b]\n: c", "is not one value", None),
        ("good: 1\nbad: [", "not YAML", 2),
        ("a: 1\na: 2", "not YAML", 2),
        ("bell: \x07", "not YAML", None),
        ("a: *nowhere", "not YAML", 1),
        ("[" * 5_000, "not YAML", None),
    ],
)
def test_yaml_that_holds_no_answers(text: str, says: str, line: int | None) -> None:
    with pytest.raises(DefinitionError, match=says) as caught:
        from_yaml(text, "answers.yaml")
    assert str(caught.value.on).startswith("answers.yaml")
    if line is not None:
        assert caught.value.line == line
