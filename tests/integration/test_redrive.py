"""Dead letters on a real Kafka: sent back whole and in order, discarded, again after a death half way."""

import asyncio
import io
import json
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
import typer

from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import Delivery
from connectors.ports import SystemClock
from schemas.dead_letter import TOPIC, Kind
from schemas.errors import BrokenInvariantError, RefusedError, UsageError
from streams.cli.tree import app
from streams.letters import board, bodies
from streams.parking import Parking
from streams.redrive import Redriver
from tests.fixtures.dead_letters import INBOX, discarded, everything, lying_in, numbers, sent_back, set_aside
from tests.fixtures.running import create_topics, kafka_config

pytestmark = pytest.mark.kafka


@pytest.fixture
def config(kafka: str) -> KafkaConfig:
    made = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(made)
    return made


async def test_a_letter_goes_back_as_it_was(config: KafkaConfig) -> None:
    set_aside(config, 1, keys=1)
    await sent_back(config, everything(config))
    (back,) = await lying_in(config, INBOX)
    assert (back.key, back.value) == (b"key-0", b"0 ".ljust(20, b"."))
    assert back.headers == (
        ("ce_id", b"r0"),
        ("traceparent", b"00-kept"),
        ("deadletter_agent", b"workflow"),
        ("deadletter_seat", f"{board_partition(config)}:0".encode()),
        ("deadletter_redrives", b"1"),
    )
    ((_, mark),) = board(config).dealt_with.values()
    assert (mark.kind, mark.actor) == (Kind.REDRIVEN, "ann")
    assert mark.to is not None
    assert (mark.to.partition, mark.to.offset) == (back.partition, back.offset)
    assert everything(config) == []


def board_partition(config: KafkaConfig) -> int:
    ((letter, _),) = board(config).dealt_with.values()
    return letter.place.partition


@pytest.mark.parametrize(("count", "keys"), [(2000, 50), pytest.param(100_000, 2000, marks=pytest.mark.long)])
async def test_many_letters_go_back_in_order(config: KafkaConfig, count: int, keys: int) -> None:
    await asyncio.to_thread(set_aside, config, count, keys=keys, size=1000)
    began = time.monotonic()
    letters = everything(config)
    read = time.monotonic()
    await sent_back(config, letters)
    took = time.monotonic() - read
    sys.stdout.write(
        f"\n{count} letters read in {read - began:.1f} s, by a worker in {await known_after(config):.1f} s, "
        f"redriven in {took:.1f} s: {count / took:,.0f}/s\n"
    )
    found = numbers(await lying_in(config, INBOX))
    assert found == {
        f"key-{key}".encode(): [number for number in range(count) if number % keys == key]
        for key in range(keys)
    }
    assert everything(config) == []


async def known_after(config: KafkaConfig) -> float:
    """Give the seconds until a starting worker knows what lies aside."""
    parking = Parking(config)
    began = time.monotonic()
    await parking.start()
    took = time.monotonic() - began
    await parking.stop()
    return took


@pytest.mark.parametrize("sends", [1201, 1701], ids=["among the records", "among the marks"])
async def test_who_dies_half_way_begins_again_and_nothing_is_lost(config: KafkaConfig, sends: int) -> None:
    set_aside(config, 1200, keys=7)

    class Dies(Delivery):
        left = sends  # 500 records, their marks, 500 records, their marks

        async def send(self, *given: object, **named: object) -> asyncio.Future[object]:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            future: asyncio.Future[object] = await super().send(*given, **named)  # type: ignore[arg-type]  # as it came
            return future

    delivery = Dies(config)
    await delivery.start()
    with pytest.raises(KeyboardInterrupt):
        await Redriver(config, delivery, clock=SystemClock(), actor="ann").redrive(everything(config))
    await delivery.stop()
    assert 500 <= len(everything(config)) <= 700
    await sent_back(config, everything(config))
    assert everything(config) == []
    for key, order in numbers(await lying_in(config, INBOX)).items():
        wanted = list(range(int(key.decode().removeprefix("key-")), 1200, 7))
        first_seen = sorted(set(order), key=order.index)
        assert first_seen == wanted
        assert len(order) - len(wanted) <= 500


async def test_discarded_letters_stay_in_the_topic(config: KafkaConfig) -> None:
    set_aside(config, 3, keys=3)
    await discarded(config, everything(config)[:2])
    assert len(everything(config)) == 1
    assert [mark.why for _, mark in board(config).dealt_with.values()] == ["the deal was deleted"] * 2
    assert len(await lying_in(config, TOPIC)) == 5
    assert await lying_in(config, INBOX) == []


async def test_what_kafka_does_not_take_back_is_said_and_the_rest_is_marked(config: KafkaConfig) -> None:
    set_aside(config, 3, keys=3)
    letters = everything(config)

    class Refuses(Delivery):
        async def send(self, topic: str, key: bytes | None, *given: object, **named: object) -> object:  # type: ignore[override]  # as it came
            if topic.endswith(INBOX) and key == letters[1].key:
                future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
                future.set_exception(RuntimeError("the topic refuses us"))
                return future
            return await super().send(topic, key, *given, **named)  # type: ignore[arg-type]  # as it came

    delivery = Refuses(config)
    await delivery.start()
    with pytest.raises(RefusedError, match="the topic refuses us"):
        await Redriver(config, delivery, clock=SystemClock(), actor="ann").redrive(letters)
    await delivery.stop()
    assert everything(config) == [letters[1]]


async def test_a_letter_that_kafka_has_deleted_is_said_to_be_gone(config: KafkaConfig) -> None:
    set_aside(config, 1, keys=1)
    (letter,) = everything(config)
    gone = letter.__class__(
        **{name: getattr(letter, name) for name in letter.__slots__ if name != "place"},
        place=letter.place.__class__(letter.place.topic, letter.place.partition, 40),
    )
    with pytest.raises(BrokenInvariantError, match="gone"):
        list(bodies(config, [gone]))


def test_the_command(
    config: KafkaConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_aside(config, 6, keys=2)
    file = tmp_path / "dealwire.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{config.bootstrap_servers}"\n'
        f'topic_prefix = "{config.topic_prefix}"\ngroup_prefix = "{config.group_prefix}"\n'
    )
    monkeypatch.setattr("streams.cli.context.configure", lambda *_: None)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    def run(*arguments: str, code: int = 0) -> str:
        ended = app(["--config", str(file), "dead-letters", *arguments], standalone_mode=False)
        assert (ended or 0) == code
        return capsys.readouterr().out

    assert "UnreadableError" in run("list")
    listed = json.loads(run("list", "--key", "key-1", "--json"))
    assert [each["error"] for each in listed] == ["UnreadableError"] * 3
    first = listed[0]["id"]
    shown = json.loads(run("show", first, "--json"))
    assert shown["begins"].startswith("31 20")
    assert "magic byte" in shown["unreadable"]
    for wrong, what in (
        (["redrive"], "no letter is named"),
        (["discard", "--all"], "nobody will know why"),
        (["show", "9:9"], "no letter '9:9'"),
        (["list", "--topic", "nowhere"], "no topic 'nowhere'"),
    ):
        with pytest.raises(UsageError, match=what):
            run(*wrong)
    assert json.loads(run("redrive", first, "--dry-run", "--json"))["meant"] == [first]
    assert len(json.loads(run("list", "--json"))) == 6
    with pytest.raises(typer.Abort):  # nobody says yes
        run("redrive", "--all")
    assert "1 records of 1 keys go back" in run("redrive", first, "--yes", "--wait", "0")
    run("discard", "--key", "key-0", "--because", "test deals", "--yes")
    assert len(json.loads(run("list", "--json"))) == 2
    dealt = json.loads(run("list", "--dealt-with", "--json"))
    assert sorted(each["dealt_with"] for each in dealt) == ["discarded"] * 3 + ["redriven"]
