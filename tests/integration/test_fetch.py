"""Fetching pinned files, from a Maven repository on loopback that can be made to fail."""

import gc
import hashlib
import io
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import jgo.maven._core
import pytest

from connectors.kafka.broker import fetch
from connectors.kafka.broker.artifacts import Artifact, kafka_jars, registry_archive
from connectors.kafka.broker.cache import cache_dir
from connectors.kafka.broker.progress import Progress
from schemas.errors import ConfigurationError, RefusedError, UnavailableError

# jgo leaves the connection of a download that failed to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


class Repository:
    """What it serves by path, how often each was asked for, and how many answers are cut short."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.cut = 0

    def add(self, name: str, content: bytes, *, sha256: str = "", packaging: str = "jar") -> Artifact:
        self.files[f"/org/test/{name}/1.0/{name}-1.0.{packaging}"] = content
        return Artifact(
            "org.test", name, "1.0", sha256 or hashlib.sha256(content).hexdigest(), packaging=packaging
        )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    repository = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = repository.files.get(self.path)
            repository.asked[self.path] += 1
            self.send_response(200 if content is not None else 404)
            body = content or b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if content and repository.cut > 0:
                repository.cut -= 1
                body = body[: len(body) // 2]
                self.close_connection = True
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(jgo.maven._core, "DEFAULT_REMOTE_REPOS", {"test": address})
    monkeypatch.setenv("DEALWIRE_CACHE", str(tmp_path / "cache"))
    yield repository
    server.shutdown()
    thread.join()
    server.server_close()
    gc.collect()


def _pin(monkeypatch: pytest.MonkeyPatch, *jars: Artifact) -> None:
    monkeypatch.setattr(fetch, "kafka_jars", lambda: jars)


def test_the_pinned_list_is_whole() -> None:
    assert len(kafka_jars()) == 46
    assert {jar.version for jar in kafka_jars() if jar.group == "org.apache.kafka"} == {"4.3.1"}
    assert all(len(jar.sha256) == 64 for jar in (*kafka_jars(), registry_archive()))
    assert registry_archive().filename == "apicurio-registry-app-3.3.3-all.tar.gz"


def test_fetches_each_file_once(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {f"part{number}": f"content {number}".encode() * 999 for number in range(9)}
    _pin(monkeypatch, *(repository.add(name, content) for name, content in contents.items()))
    steps: list[Progress] = []
    paths = fetch.kafka_class_path(steps.append).split(":")
    assert [Path(path).read_bytes() for path in paths] == list(contents.values())
    assert steps[-1] == Progress("download", "fetching Kafka", 9, 9)
    assert fetch.kafka_class_path().split(":") == paths
    assert {count for path, count in repository.asked.items() if path.endswith(".jar")} == {1}


def test_two_first_runs_at_once_fetch_each_file_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pin(monkeypatch, *(repository.add(f"part{number}", bytes([number]) * 100_000) for number in range(5)))
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: fetch.kafka_class_path(), range(4)))) == 1
    assert {count for path, count in repository.asked.items() if path.endswith(".jar")} == {1}


def test_refuses_a_file_that_is_not_the_pinned_one(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pin(monkeypatch, repository.add("good", b"good"), repository.add("evil", b"evil", sha256="ab" * 32))
    with pytest.raises(RefusedError, match=r"evil-1\.0\.jar"):
        fetch.kafka_class_path()
    assert not list(cache_dir().rglob("evil*"))


def test_tries_again_when_the_connection_is_cut(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pin(monkeypatch, repository.add("large", b"x" * 300_000))
    repository.cut = 2
    path = Path(fetch.kafka_class_path())
    assert path.stat().st_size == 300_000
    assert [file.name for file in cache_dir().rglob("*") if file.is_file() and file.name != ".lock"] == [
        path.name
    ]


def test_gives_up_in_the_end_and_keeps_what_it_has(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, missing = repository.add("there", b"there"), repository.add("missing", b"missing")
    content = repository.files.pop("/org/test/missing/1.0/missing-1.0.jar")
    _pin(monkeypatch, there, missing)
    with pytest.raises(UnavailableError, match=r"missing-1\.0\.jar"):
        fetch.kafka_class_path()
    repository.files["/org/test/missing/1.0/missing-1.0.jar"] = content
    fetch.kafka_class_path()
    assert repository.asked["/org/test/there/1.0/there-1.0.jar"] == 1


def test_unpacks_an_archive(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("lib/a.txt")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    archive = repository.add("server", packed.getvalue(), packaging="tar.gz")
    monkeypatch.setattr(fetch, "registry_archive", lambda: archive)
    home = fetch.registry_home()
    assert (home / "lib" / "a.txt").read_bytes() == b"hello"
    assert fetch.registry_home() == home
    assert [path.name for path in home.parent.iterdir() if path != home] == [".lock"]


def test_says_that_the_cache_cannot_be_written(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _pin(monkeypatch, repository.add("part", b"part"))
    (tmp_path / "file").touch()
    monkeypatch.setenv("DEALWIRE_CACHE", str(tmp_path / "file"))
    with pytest.raises(ConfigurationError, match="DEALWIRE_CACHE"):
        fetch.kafka_class_path()


def test_says_what_to_type_when_the_extra_is_missing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pin(monkeypatch, repository.add("part", b"part"))
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'dealwire\[sandbox\]'"):
        fetch.kafka_class_path()
