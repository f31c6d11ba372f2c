"""The tail of a topic: an error among records that were fetched costs none of them."""

from collections.abc import Sequence

import pytest
from confluent_kafka import KafkaError

from connectors.kafka.config import KafkaConfig
from connectors.kafka.tail import Tail, following
from schemas.errors import UnavailableError


class Fetched:
    def __init__(self, offset: int, error: KafkaError | None = None) -> None:
        self._offset, self._error = offset, error

    def error(self) -> KafkaError | None:
        return self._error

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes | None:
        return None

    def value(self) -> bytes | None:
        return b"v"

    def headers(self) -> list[tuple[str, bytes]]:
        return [("twice", b"1"), ("twice", b"2")]

    def timestamp(self) -> tuple[int, int]:
        return 1, 0


class Client:
    def __init__(self, *batches: Sequence[Fetched]) -> None:
        self._batches = list(batches)

    def consume(self, _count: int, **_timeout: float) -> Sequence[Fetched]:
        return self._batches.pop(0) if self._batches else []


def test_an_error_among_records_costs_none_of_them() -> None:
    tail = Tail(KafkaConfig(), "t")
    tail.close()
    away = Fetched(9, KafkaError(KafkaError._ALL_BROKERS_DOWN))
    tail._consumer = Client([Fetched(0), away, Fetched(1)], [Fetched(2)])  # type: ignore[assignment]  # a stand-in
    tail._parts = [object()]  # type: ignore[list-item]  # a stand-in
    batches = tail.come()
    found = following(batches) or []
    assert [message.offset for message in found] == [0, 1]
    with pytest.raises(UnavailableError):
        following(batches)
    assert found[0].headers == (("twice", b"1"), ("twice", b"2"))
    assert [message.offset for batch in tail.come() for message in batch] == [2]
