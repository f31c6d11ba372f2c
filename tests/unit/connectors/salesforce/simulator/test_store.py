"""Indexes of the store agree with a look through all rows, whatever is done to them."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.simulator.store import Store

IDS = [f"006{number:015}" for number in range(6)]
PARENTS = ["a", "b", None]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("put", "bin", "forget", "find")), st.sampled_from(IDS), st.sampled_from(PARENTS)
    )
)


@given(STEPS)
def test_an_index_finds_what_a_scan_finds(steps: list[tuple[str, str, str | None]]) -> None:
    store = Store(["Opportunity"])
    for step, record_id, parent in steps:
        row = {"Id": record_id} | ({} if parent is None else {"AccountId": parent})
        if step == "put":
            store.put("Opportunity", row)
        elif step == "bin":
            store.bin("Opportunity", row)
        elif step == "forget":
            store.forget("Opportunity", record_id)
        for value in ("a", "b"):
            if step == "find" or value == "a":
                found = {str(each["Id"]) for each in store.find("Opportunity", "AccountId", value)}
                rows = store.rows("Opportunity")
                assert found == {str(each["Id"]) for each in rows if each.get("AccountId") == value}
        live = {each["Id"] for each in store.rows("Opportunity")}
        assert not live & {each["Id"] for each in store.binned("Opportunity")}


def test_rows_may_be_written_while_they_are_read() -> None:
    store = Store(["Task"])
    for record_id in IDS:
        store.put("Task", {"Id": record_id, "WhatId": "a"})
    for row in store.find("Task", "WhatId", "a"):
        for record_id in IDS[3:]:
            store.forget("Task", record_id)
        assert row["Id"] in IDS[:3]
