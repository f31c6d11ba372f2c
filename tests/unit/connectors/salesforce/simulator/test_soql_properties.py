# ruff: noqa: S608 - the queries are the tests' own
"""Whatever is sent as a query is answered or refused by name, and nothing else happens."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.run import run
from tests.fixtures.small_org import small_org

SMALL = small_org()

GRAMMAR = r"""
SELECT FROM WHERE AND OR NOT IN LIKE ORDER BY DESC NULLS LAST LIMIT OFFSET COUNT() FIELDS(ALL) ( ) , . = != <
Id Name Amount Account.Name CloseDate IsWon Opportunity Account Tasks Task What.Name 'x' '%' '\'
'0066k0000000001' >= null 5 -1.5 1e999 2026-01-01 TODAY LAST_N_DAYS:3 NEXT_N_YEARS:99999
"""
WORDS = st.sampled_from(GRAMMAR.split())
OPERANDS = st.sampled_from(
    [
        "'x'",
        "'%'",
        "''",
        "'0066k0000000001'",
        "null",
        "TRUE",
        "5",
        "1e30",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "TODAY",
    ]
)
FIELDS = st.sampled_from(
    ["Id", "Name", "Amount", "IsWon", "CloseDate", "CreatedDate", "AccountId", "Account.Name"]
)
SIGNS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=25).map(" ".join)))
def test_any_text_is_answered_or_refused(text: str) -> None:
    with contextlib.suppress(SoqlError):
        run(SMALL.org, SMALL.user, text)


@settings(max_examples=300, deadline=None)
@given(FIELDS, SIGNS, OPERANDS)
def test_not_takes_exactly_the_rest(field: str, sign: str, operand: str) -> None:
    condition = f"{field} {sign} {operand}"
    every = {row["Id"] for row in run(SMALL.org, SMALL.user, "SELECT Id FROM Opportunity").rows}
    try:
        found = run(SMALL.org, SMALL.user, f"SELECT Id FROM Opportunity WHERE {condition}").rows
    except SoqlError:
        return
    others = run(SMALL.org, SMALL.user, f"SELECT Id FROM Opportunity WHERE NOT {condition}").rows
    assert {row["Id"] for row in found} | {row["Id"] for row in others} == every
    assert len(found) + len(others) == len(every)
