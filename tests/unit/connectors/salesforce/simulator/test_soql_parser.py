# ruff: noqa: S608 - the queries are the tests' own
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.literals import BadLiteralError, like_pattern, unescape
from connectors.salesforce.simulator.soql.parser import parse
from connectors.salesforce.simulator.soql.tree import (
    All,
    AnyOf,
    Comparison,
    Count,
    FieldsOf,
    InQuery,
    Membership,
    Not,
    Path,
    Period,
    Subquery,
    Text,
)


@pytest.mark.parametrize(
    ("text", "row", "column", "reason"),
    [
        ("", 1, 1, "unexpected token: '<EOF>'"),
        ("SELECT", 1, 7, "unexpected token: '<EOF>'"),
        ("SELECT FROM Account", 1, 8, "unexpected token: 'FROM'"),
        ("SELECT Id FORM Account", 1, 11, "unexpected token: 'FORM'"),
        ("SELECT Id, FROM Account", 1, 12, "unexpected token: 'FROM'"),
        ("SELEC Id FROM Account", 1, 1, "unexpected token: 'SELEC'"),
        ("SELECT Id FROM Account;", 1, 23, "unexpected token: ';'"),
        ("SELECT Id\nFROM Account\nWHERE", 3, 6, "unexpected token: '<EOF>'"),
        ("SELECT Id\nFROM Account\nWHERE Name ! 'x'", 3, 12, "unexpected token: '!'"),
        ("SELECT Id FROM Account WHERE Name = foo", 1, 37, "unexpected token: 'foo'"),
        ("SELECT Id FROM Account WHERE Name = :foo", 1, 37, "unexpected token: ':'"),
        ('SELECT Id FROM Account WHERE Name = "x"', 1, 37, "unexpected token: '\"'"),
        ("SELECT Id FROM A WHERE b = 1 AND c = 2 OR d = 3", 1, 40, "unexpected token: 'OR'"),
        ("SELECT Id FROM A WHERE b = 1 OR c = 2 AND d = 3", 1, 39, "unexpected token: 'AND'"),
        ("SELECT Id FROM A WHERE Id IN ()", 1, 31, "unexpected token: ')'"),
        ("SELECT Id FROM A WHERE (b = 1", 1, 30, "unexpected token: '<EOF>'"),
        ("SELECT Id FROM A LIMIT -1", 1, 24, "unexpected token: '-1'"),
        ("SELECT Id FROM A LIMIT 1.5", 1, 25, "unexpected token: '.5'"),
        ("SELECT Id FROM A OFFSET 1 LIMIT 1", 1, 27, "unexpected token: 'LIMIT'"),
        ("SELECT Id FROM A WHERE b = 2026-02-31", 1, 28, "invalid date: 2026-02-31"),
        ("SELECT Id FROM A WHERE b = 2026-02-28T25:00:00Z", 1, 28, "invalid date/time: 2026-02-28T25:00:00Z"),
        ("SELECT Id FROM A WHERE b = LAST_N_DAYS", 1, 28, "unexpected token: 'LAST_N_DAYS'"),
        ("SELECT COUNT(Id) FROM A", 1, 13, "unexpected token: '('"),
        ("SELECT Name FROM A GROUP BY Name", 1, 20, "unexpected token: 'GROUP'"),
        ("SELECT Id FROM A FOR UPDATE", 1, 18, "unexpected token: 'FOR'"),
        ("SELECT TYPEOF What WHEN A THEN Id END FROM Task", 1, 15, "unexpected token: 'What'"),
        ("DELETE FROM Account", 1, 1, "unexpected token: 'DELETE'"),
    ],
)
def test_what_does_not_parse_is_refused_with_its_place(text: str, row: int, column: int, reason: str) -> None:
    with pytest.raises(SoqlError) as caught:
        parse(text)
    assert caught.value.code == "MALFORMED_QUERY"
    assert caught.value.message.endswith(f"\nERROR at Row:{row}:Column:{column}\n{reason}")


def test_a_refusal_draws_the_line_and_a_caret() -> None:
    with pytest.raises(SoqlError) as caught:
        parse("SELECT Id,\n Name FORM Account\nLIMIT 1")
    assert caught.value.message == (
        "\n Name FORM Account\n      ^\nERROR at Row:2:Column:7\nunexpected token: 'FORM'"
    )


def test_a_string_that_is_not_closed_says_so() -> None:
    with pytest.raises(SoqlError, match="not closed by a quote"):
        parse("SELECT Id FROM A WHERE Name = 'it''s\\'")


def test_of_a_long_line_only_the_neighbourhood_is_drawn() -> None:
    with pytest.raises(SoqlError) as caught:
        parse(f"SELECT {', '.join(['Name'] * 5000)} FORM A")
    assert len(caught.value.message) < 300
    assert "Row:1:Column:30007" in caught.value.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id FROM A WHERE " + "(" * 30_000 + "b = 1" + ")" * 30_000, None),
        ("SELECT Id FROM A WHERE " + "NOT " * 20_000 + "b = 1", "QUERY_TOO_COMPLICATED"),
        (
            "SELECT Id FROM A WHERE " + "(b = 1 OR (c = 1 AND " * 2_000 + "d = 1" + "))" * 2_000,
            "QUERY_TOO_COMPLICATED",
        ),
        ("SELECT " + "(SELECT " * 5_000 + "Id" + " FROM B)" * 5_000 + " FROM A", "QUERY_TOO_COMPLICATED"),
        ("SELECT Id FROM A WHERE Name = '" + "x" * 100_000 + "'", "MALFORMED_QUERY"),
        ("SELECT Id FROM A LIMIT " + "9" * 50_000, None),
        ("SELECT Id FROM A WHERE b = 1e9999999999999999999999", "MALFORMED_QUERY"),
        ("SELECT Id FROM A WHERE b = " + "9" * 50_000, None),
        ("SELECT Id FROM A WHERE b = LAST_N_DAYS:" + "9" * 50_000, "MALFORMED_QUERY"),
        ("\x00\ud800", "MALFORMED_QUERY"),
    ],
)
def test_hostile_text_is_parsed_or_refused_and_never_more(text: str, code: str | None) -> None:
    if code is None:
        parse(text)
        return
    with pytest.raises(SoqlError) as caught:
        parse(text)
    assert caught.value.code == code


def test_a_query_becomes_a_tree() -> None:
    query = parse(
        "select id, Account.Owner.Name, (SELECT Id FROM Notes LIMIT 1) from Opportunity"
        " where Name like 'a%' and (Amount >= 1e3 or Amount = null) and not IsWon = true"
        " order by Amount desc nulls last, Name limit 10 offset 0020"
    )
    assert isinstance(query.selection, tuple)
    first, second, third = query.selection
    assert (first, second) == (Path(("id",), 7), Path(("Account", "Owner", "Name"), 11))
    assert isinstance(third, Subquery)
    assert (third.query.source, third.query.limit) == ("Notes", 1)
    assert (query.source, query.limit, query.offset) == ("Opportunity", 10, 20)
    assert isinstance(query.where, All)
    like, either, negated = query.where.terms
    assert isinstance(like, Comparison)
    assert (like.operator, like.value[0]) == ("LIKE", Text("a%"))
    assert isinstance(either, AnyOf)
    assert [term.value[0] for term in either.terms if isinstance(term, Comparison)] == [Decimal(1000), None]
    assert isinstance(negated, Not)
    assert [(key.path.parts, key.descending, key.nulls_last) for key in query.order] == [
        (("Amount",), True, True),
        (("Name",), False, False),
    ]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'x'", Text("x")),
        ("''", Text("")),
        (r"'it\'s'", Text(r"it\'s")),
        ("12", Decimal(12)),
        ("-1.50", Decimal("-1.50")),
        ("1e3", Decimal(1000)),
        ("TRUE", True),
        ("false", False),
        ("NULL", None),
        ("2026-09-14", date(2026, 9, 14)),
        ("2026-09-14T08:30:12Z", datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)),
        ("2026-09-14T08:30:12.000Z", datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)),
        ("2026-09-14T10:30:12+02:00", datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)),
        ("2026-09-14T10:30:12+0200", datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)),
        ("today", Period("TODAY", 0)),
        ("LAST_90_DAYS", Period("LAST_N_DAYS", 90)),
        ("NEXT_N_WEEKS:3", Period("NEXT_N_WEEKS", 3)),
    ],
)
def test_a_literal_is_read(literal: str, value: object) -> None:
    query = parse(f"SELECT Id FROM A WHERE b = {literal}")
    assert isinstance(query.where, Comparison)
    assert query.where.value == (value, 27)


def test_words_are_keywords_only_where_they_can_stand() -> None:
    query = parse("SELECT Count, Fields, Like, Today FROM Limit WHERE Order = 1 ORDER BY Desc")
    assert query.source == "Limit"
    assert parse("SELECT COUNT ( ) FROM A").selection == Count(7)
    assert parse("SELECT FIELDS(all) FROM A LIMIT 1").selection == (FieldsOf("ALL", 7),)


def test_lists_and_semi_joins() -> None:
    listed = parse("SELECT Id FROM A WHERE Id NOT IN ('a', null, 3)").where
    assert isinstance(listed, Membership)
    assert (listed.negated, [value for value, _ in listed.values]) == (True, [Text("a"), None, Decimal(3)])
    joined = parse("SELECT Id FROM A WHERE Id IN (SELECT AId FROM B)").where
    assert isinstance(joined, InQuery)
    assert (joined.negated, joined.query.source) == (False, "B")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("acme%", "Acme - Onboarding", True),
        ("%ONBOARD%", "Acme - Onboarding", True),
        ("acme", "Acme - Onboarding", False),
        ("a_me%", "ACME", True),
        (r"50\%", "50%", True),
        (r"50\%", "500", False),
        (r"a\_b", "a_b", True),
        (r"a\_b", "axb", False),
        ("%a%b%c", "xxaxxbxxc", True),
        ("%a%b%c", "xxaxxbxxcd", False),
        ("a%a", "a", False),
        ("%", "", True),
        ("", "", True),
        ("line%two", "line one\nline two", True),
        (r"it\'s%", "it's", True),
        (".*", "anything", False),
        ("ab%", "İab", False),
    ],
)
def test_like(pattern: str, text: str, *, matches: bool) -> None:
    assert bool(like_pattern(pattern)(text)) is matches


def test_no_like_pattern_takes_for_ever() -> None:
    assert not like_pattern("%a" * 500 + "b")("a" * 2_000)


@pytest.mark.parametrize(
    ("raw", "text"), [(r"a\nb", "a\nb"), (r"\\", "\\"), (r"\'\"", "'\""), (r"\u0041\%", "A%")]
)
def test_escapes(raw: str, text: str) -> None:
    assert unescape(raw) == text


def test_an_unknown_escape_is_refused() -> None:
    with pytest.raises(BadLiteralError, match="Illegal character sequence"):
        unescape(r"\q")
