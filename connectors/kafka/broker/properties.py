"""server.properties of one node of the sandbox's cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.kafka.broker.ports import LOOPBACK

__all__ = ["Node", "server_properties"]

_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_INTERNAL_PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Node:
    """One process that is broker and controller: its id from 0, its ports on loopback, its folder."""

    id: int
    port: int
    controller_port: int
    folder: Path


def server_properties(node: Node, nodes: Sequence[Node]) -> str:
    """Return the text of the file for `node`, which is one of `nodes`.

    Three nodes keep three copies and take a write when two have it; one node keeps one.
    """
    copies = min(3, len(nodes))
    in_sync = 2 if copies == 3 else 1  # noqa: PLR2004  # the usual pair of numbers
    voters = ",".join(f"{each.id}@{LOOPBACK}:{each.controller_port}" for each in nodes)
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": node.id,
        "controller.quorum.voters": voters,
        "listeners": f"BROKER://{LOOPBACK}:{node.port},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "advertised.listeners": f"BROKER://{LOOPBACK}:{node.port}",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": node.folder / "data",
        # A topic that somebody forgot to create has the wrong partitions: it must be an error.
        "auto.create.topics.enable": "false",
        "num.partitions": 6,
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": _INTERNAL_PARTITIONS,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": _INTERNAL_PARTITIONS,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": _INTERNAL_PARTITIONS,
        "message.max.bytes": _MAX_MESSAGE_BYTES,
        "replica.fetch.max.bytes": _MAX_MESSAGE_BYTES,
        # A sandbox has few members: a group need not wait for more of them.
        "group.initial.rebalance.delay.ms": 0,
        # A dead broker is noticed in seconds rather than in nine.
        "broker.session.timeout.ms": 5000,
        "broker.heartbeat.interval.ms": 1000,
        # Small threads and buffers for a small machine.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
