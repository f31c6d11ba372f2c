"""Scripts of faults in files."""

from pathlib import Path

import pytest

from connectors.salesforce.simulator.cometd.bayeux import Bayeux
from connectors.salesforce.simulator.cometd.server import CometdServer
from connectors.salesforce.simulator.fault_script import play, read_script
from schemas.errors import UsageError


async def test_what_a_script_says_goes_wrong_in_order(bayeux: Bayeux, tmp_path: Path) -> None:
    script = tmp_path / "faults.jsonl"
    script.write_text('{"name": "busy-at-connect", "times": 2}\n\n{"after": 0.001, "name": "duplicates"}\n')
    steps = read_script(script)
    assert [(step.after, step.name, step.times) for step in steps] == [
        (0, "busy-at-connect", 2),
        (0.001, "duplicates", 1),
    ]
    await play(steps, CometdServer(bayeux))
    assert [(each.channel, each.times) for each in bayeux.faults.denials] == [("/meta/connect", 2)]
    assert bayeux.faults.repeats == 1


@pytest.mark.parametrize(
    "content",
    [
        b'{"name": "earthquake"}',
        b'{"name": "gap", "after": -1}',
        b'{"name": "gap", "often": 1}',
        b"{}",
        b"gap",
        b"\xff",
    ],
)
def test_a_line_that_is_wrong_is_told(tmp_path: Path, content: bytes) -> None:
    script = tmp_path / "faults.jsonl"
    script.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_script(script)
    assert str(script) in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_script(tmp_path / "nothing")
