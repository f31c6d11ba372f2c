"""Which roles a worker takes."""

import pytest

from schemas.errors import UsageError
from schemas.topics import TABLES, TOPICS
from streams.roles import ROLES, chosen


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("all", tuple(ROLES)),
        ("workflow", ("workflow",)),
        (" emails, transitions ,", ("transitions", "emails")),
    ],
)
def test_reads_what_is_typed(text: str, roles: tuple[str, ...]) -> None:
    assert chosen(text) == roles


@pytest.mark.parametrize("text", ["", ",", "workflows", "all,emails"])
def test_refuses_what_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        chosen(text)


def test_the_topic_table_names_the_same_roles() -> None:
    readers = {reader for topic in TOPICS.values() for reader in topic.readers}
    assert set(ROLES) <= readers
    assert {table.app for table in TABLES} <= set(ROLES)
