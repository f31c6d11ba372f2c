"""The Avro contracts: what the checked-in `.avsc` files must say.

The files in `schemas/avro/` are the truth on the wire. `python -m schemas.contracts` writes them from the
models; a test compares the two, so that no model changes a contract unseen.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import py_avro_schema

from schemas.base import Record
from schemas.topics import TOPICS, published_topic

NAMESPACE = "dealwire"

RECORDS: Mapping[str, type[Record]] = {
    topic.record.ce_type: topic.record
    for topic in (*TOPICS.values(), published_topic("any"))
    if topic.record is not None
}
"""CloudEvents type to record."""


def generate(record: type[Record]) -> dict[str, Any]:
    """Give the Avro schema of a record's model."""
    options = py_avro_schema.Option.NO_DOC | py_avro_schema.Option.NO_AUTO_NAMESPACE
    schema: dict[str, Any] = json.loads(py_avro_schema.generate(record, namespace=NAMESPACE, options=options))
    return schema


def file_name(record: type[Record]) -> str:
    """Give the name of a record's contract file."""
    return f"{record.ce_type.removeprefix('dealwire.')}.v1.avsc"


@cache
def contract(record: type[Record]) -> str:
    """Give the checked-in contract of a record, as JSON text."""
    return files("schemas").joinpath("avro", file_name(record)).read_text("utf-8")


def subject(topic_name: str) -> str:
    """Give the registry subject of a topic's values (Confluent's TopicNameStrategy)."""
    return f"{topic_name}-value"


def write(folder: Path) -> None:
    """Write every contract file into `folder`."""
    for record in RECORDS.values():
        text = json.dumps(generate(record), indent=2) + "\n"
        folder.joinpath(file_name(record)).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent / "avro")
