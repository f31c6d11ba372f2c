"""Templates fill in values and nothing else: no way out of the sandbox, no text or loop without end."""

from decimal import Decimal
from typing import Any

import pytest

from processors.sample import names
from processors.templates import check, render, render_line
from schemas.errors import DefinitionError, StepError

_LONG = "x" * 1000


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ deal.amount.__class__.__mro__ }}",
        "{{ [deal.name]|sort(attribute='__class__')|join(attribute='__class__') }}",
        "{{ self.__init__ }}",
        "{{ cycler }}",
        "{{ joiner() }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ dict(a=1) }}",
        "{{ '%s'|format(1) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (100000000, 1) }}",
        "{{ '{:>100000000}'.format(1) }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{a}'.format_map({'a': 1}) }}",
        "{{ (''|attr('format'))(1) }}",
        "{{ 'x' * 10**9 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 1000000000 * 'x' }}",
        "{{ ('x'|list) * 1000000000 }}",
        "{{ 9**9**9 }}",
        "{{ range(10**9) }}",
        "{% for i in range(1000000000) %}{% endfor %}",
        "{{ deal.name.center(100000000) }}",
        "{{ 'x'.ljust(100000000)|length }}",
        "{{ 'x'.rjust(100000000)|length }}",
        "{{ 'x'.zfill(100000000)|length }}",
        "{{ '\t'.expandtabs(100000000)|length }}",
        "{{ (1).to_bytes(100000000, 'big')|length }}",
        "{{ 'x'.encode() }}",
        "{{ deal.amount.scaleb(999999) }}",
        "{{ 'x'|center(100000000) }}",
        "{{ 'x'|indent(100000000) }}",
        "{{ 'x'|batch(100000000, 'y')|list|length }}",
        "{{ 'x'|slice(100000000)|list|length }}",
        "{{ 1|round(999999999, 'ceil') }}",
        "{{ 'x'|wordwrap(1, wrapstring='yyyyyyyyyyyyyyyy') }}",
        "{{ deal.name|safe }}",
        f"{{{{ '{_LONG}'|join('{_LONG}')|length }}}}",
        f"{{{{ '{_LONG}'|replace('x', '{_LONG}')|length }}}}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x + x %}" * 30 + "{{ x|length }}",
        "{% set x %}aaaaaaaaaa{% endset %}",
        "{% with x = 'a' %}{{ x }}{% endwith %}",
        "{{ 'a' ~ 'b' }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% filter upper %}a{% endfilter %}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
        "{% for a in [1] %}{% for b in [1] %}{% for c in [1] %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in deal.text %}{% for b in deal.text %}{% endfor %}{% endfor %}",
        "{% for a in deal.text + deal.text %}{{ a }}{% endfor %}",
    ],
)
@pytest.mark.parametrize("html", [False, True])
def test_what_leads_out_of_the_sandbox_or_has_no_end_is_refused(source: str, html: bool) -> None:
    with pytest.raises(StepError):
        render(source, {**names(), "deal": {**names()["deal"], "text": "x" * 60_000}}, html=html)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ deal.name", "unexpected end of template"),
        ("a\n{% if deal %}", "its line 2"),
        ("{% endfor %}", "not a template"),
        ("{{ deal.name|shout }}", "No filter named 'shout'"),
        ("{{ deal.name|format }}", "No filter named 'format'"),
        ("{{ 1 is strange }}", "No test named 'strange'"),
        ("\n{% set x = 1 %}", r"set is not used here \(its line 2\)"),
        ("{{ a ~ b }}", "~ is not used here"),
        (
            "{% for a in b %}{% for c in a %}{% for d in c %}{% endfor %}{% endfor %}{% endfor %}",
            "loops inside loops inside loops",
        ),
        ("{{ " + "9" * 5000 + " }}", "not a template"),
        ("{{ " + "(" * 5000 + " }}", "not a template"),
    ],
)
def test_what_is_no_template_is_refused_when_it_is_defined(source: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        check(source)
    with pytest.raises(StepError):
        render(source, names())


def test_a_check_gives_the_names_a_template_speaks_of() -> None:
    assert check("{{ deal.name }}{% for note in notes %}{{ note.title }}{% endfor %}") == {"deal", "notes"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ nope }}", "'nope' is undefined"),
        ("{{ deal.nope }}", "no attribute 'nope'"),
        ("{{ nope.name }}", "'nope' is undefined"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ deal.name|money }}", "cannot be filled"),
    ],
)
def test_what_cannot_be_filled_says_why(source: str, words: str) -> None:
    with pytest.raises(StepError, match=words):
        render(source, names())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ deal.amount|money }}", "40,000.00"),
        ("{{ deal.name.split(' ')[0]|upper }}", "ACME"),
        ("{{ deal.close_date.strftime('%d.%m.%Y') }}", "30.09.2026"),
        ("{{ deal.amount + 1 }} {{ 7 % 4 }} {{ 2 * 3 }}", "40001 3 6"),
        ("{{ 'Dear ' + primary_contact.name }}", "Dear Kim Customer"),
        ("{{ ['a', none, 'b']|select|join(', ') }}", "a, b"),
        ("{{ contacts|join(', ', attribute='email') }}", "kim@customer.example"),
        ("{{ deal.name|replace('Acme', 'Beta') }}", "Beta - Onboarding 2026"),
        ("{{ deal.custom.get('Region__c', 'none') }}", "none"),
        ("{% for a in 'xy' %}{{ loop.index }}{{ loop.cycle('o', 'e') }}{{ a }} {% endfor %}", "1ox 2ey "),
        ("{% for a in [] %}x{% else %}none{% endfor %}\n", "none\n"),
        ("{% for k, v in {'b': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "b1"),
        ("{{ notes|length }} {{ nope|default('none') }}", "1 none"),
    ],
)
def test_values_are_filled_in(source: str, expected: str) -> None:
    check(source)
    assert render(source, names()) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (None, ""),
        (Decimal(0), "0.00"),
        (Decimal("1234567.891"), "1,234,567.89"),
        (Decimal("-1234.5"), "-1,234.50"),
        (1000, "1,000.00"),
    ],
)
def test_money(amount: Any, expected: str) -> None:
    assert render("{{ x|money }}", {"x": amount}) == expected


@pytest.mark.parametrize(
    "typed", ["{{ deal.name }}", "{% for a in [1] %}{% endfor %}", "${7*7}", "{#", "#{7*7}", "%s%n"]
)
def test_what_somebody_typed_is_never_read_as_a_template(typed: str) -> None:
    context = {**names(), "vars": {"typed": typed}}
    assert render("{{ vars.typed }}", context) == typed
    assert render_line("{{ vars.typed|default('') }}", context) == typed


def test_values_are_escaped_in_html_only() -> None:
    hostile = {"x": "<script>&\"'"}
    assert render("<b>{{ x }}</b>", hostile, html=True) == "<b>&lt;script&gt;&amp;&#34;&#39;</b>"
    assert render("{{ [x, '<i>'|e]|join('<') }}", hostile, html=True).count("<") == 0
    assert render("{{ x|replace('script', '<') }}", hostile, html=True).count("<") == 0
    assert render("<b>{{ x }}</b>", hostile) == "<b><script>&\"'</b>"


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_subject_is_one_line(ending: str) -> None:
    line = render_line(f"Deal{ending}{{{{ x }}}}{ending}", {"x": f"a{ending}Bcc: b@thread.example"})
    assert line == "Deal a Bcc: b@thread.example"
    assert line.splitlines() == [line]


def test_a_subject_is_at_most_500_characters() -> None:
    assert len(render_line("{{ x }}", {"x": "y" * 2000})) == 500


def test_a_text_is_at_most_64_kib() -> None:
    assert len(render("{{ x }}", {"x": "y" * 65536})) == 65536
    with pytest.raises(StepError, match="more than 65536"):
        render("{{ x }}z", {"x": "y" * 65536})


def test_loops_go_round_ten_thousand_times_in_all() -> None:
    twice = "{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}"
    assert render(twice, {"x": range(99)}) == ""
    assert render(twice, {"x": range(99)}) == "", "each text is counted by itself"
    with pytest.raises(StepError, match="more than 10000 times"):
        render(twice, {"x": range(100)})
