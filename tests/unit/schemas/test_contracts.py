"""The checked-in Avro files are what the models say, and stay readable by those who read the last release."""

import json
from pathlib import Path
from typing import Any

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from schemas.base import Record
from schemas.contracts import RECORDS, contract, file_name, generate
from schemas.topics import TOPICS

RELEASED = Path(__file__).parent / "released"
"""The contracts of the last release; a release copies `schemas/avro` here."""


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_the_file_is_what_the_model_says(record: type[Record]) -> None:
    assert json.loads(contract(record)) == generate(record), "write them anew: python -m schemas.contracts"


def test_every_contract_file_belongs_to_a_record() -> None:
    folder = Path(__file__).parents[3] / "schemas" / "avro"
    assert {path.name for path in folder.iterdir()} == {file_name(record) for record in RECORDS.values()}


PUBLIC = [topic for topic in TOPICS.values() if topic.public and topic.record is not None]


@pytest.mark.parametrize("topic", PUBLIC, ids=lambda topic: topic.name)
def test_public_contracts_read_and_are_read_by_the_last_release(topic: Any) -> None:
    today, released = contract(topic.record), (RELEASED / file_name(topic.record)).read_text("utf-8")
    assert problems(reader=today, writer=released) == []
    assert problems(reader=released, writer=today) == []


def problems(*, reader: str, writer: str) -> list[str]:
    """What keeps `reader` from reading what `writer` wrote."""
    verdict = ReaderWriterCompatibilityChecker().get_compatibility(parse(reader), parse(writer))
    found = [] if verdict.compatibility is SchemaCompatibilityType.compatible else sorted(verdict.messages)
    # The checker overlooks a changed decimal scale, which would move every amount by powers of ten.
    one, other = decimals(json.loads(reader)), decimals(json.loads(writer))
    return found + [
        f"decimal {name} changed" for name in one.keys() & other.keys() if one[name] != other[name]
    ]


def decimals(schema: Any, path: str = "") -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    if isinstance(schema, list):
        for branch in schema:
            found |= decimals(branch, path)
    elif isinstance(schema, dict):
        if schema.get("logicalType") == "decimal":
            found[path] = (schema["precision"], schema["scale"])
        for field in schema.get("fields", []):
            found |= decimals(field["type"], f"{path}.{field['name']}")
        for inner in ("items", "values", "type"):
            found |= decimals(schema.get(inner), path)
    return found


@pytest.mark.parametrize(
    ("before", "after", "bad"),
    [
        ('{"name": "b", "type": "long", "default": 0}', "", False),
        ("", '{"name": "b", "type": "long", "default": 0}', False),
        ("", '{"name": "b", "type": "long"}', True),
        ('{"name": "b", "type": "long"}', '{"name": "b", "type": "string"}', True),
        (
            '{"name": "b", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}}',
            '{"name": "b", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 4}}',
            True,
        ),
    ],
)
def test_the_check_itself_sees_breaks(before: str, after: str, bad: bool) -> None:
    def schema(field: str) -> str:
        fields = ['{"name": "id", "type": "string"}', *([field] if field else [])]
        return f'{{"type": "record", "name": "R", "fields": [{", ".join(fields)}]}}'

    found = problems(reader=schema(after), writer=schema(before)) + problems(
        reader=schema(before), writer=schema(after)
    )
    assert bool(found) is bad
