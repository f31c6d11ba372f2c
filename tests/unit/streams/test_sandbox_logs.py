from pathlib import Path

import pytest

from streams.cli.sandbox_logs import follow, last_lines


@pytest.mark.parametrize(
    ("content", "count", "shown"),
    [
        (b"", 5, ""),
        (b"one\ntwo\nthree\n", 2, "two\nthree\n"),
        (b"one\ntwo", 5, "one\ntwo"),
        (b"one\n", 0, ""),
        (b"caf\xc3\xa9 \xff\n", 1, "caf\u00e9 \ufffd\n"),
    ],
)
def test_last_lines(tmp_path: Path, content: bytes, count: int, shown: str) -> None:
    file = tmp_path / "part.log"
    file.write_bytes(content)
    assert last_lines(file, count) == shown


def test_follows_whole_lines_also_when_a_file_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "kafka-0.log", tmp_path / "kafka-1.log"
    first.write_bytes(b"old\n")
    second.write_bytes(b"")
    writes = iter(
        [
            (first, b"old\nnew\nhalf"),
            (first, b"old\nnew\nhalf done\n"),
            (second, b"other\n"),
            (first, b"anew\n"),
            (first, b"anew\n"),
            (first, None),
        ]
    )
    shown: list[str] = []

    def pause(_seconds: float) -> None:
        file, content = next(writes, (first, b"the end"))
        if content == b"the end":
            raise KeyboardInterrupt
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)

    monkeypatch.setattr("time.sleep", pause)
    with pytest.raises(KeyboardInterrupt):
        follow([first, second], shown.append)
    assert shown == ["new", "half done", "other", "anew"]
