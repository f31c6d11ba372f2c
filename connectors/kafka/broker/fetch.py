"""Fetch pinned files once into the cache: verified before they get their name, so what has one is whole."""

import hashlib
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

from connectors.kafka.broker.artifacts import Artifact, kafka_jars, registry_archive
from connectors.kafka.broker.cache import cache_dir, locked
from connectors.kafka.broker.extra import sandbox_module
from connectors.kafka.broker.progress import OnProgress, Progress, silent
from schemas.errors import RefusedError, UnavailableError

__all__ = ["kafka_class_path", "registry_home"]

_ATTEMPTS = 3
_AT_ONCE = 6
_REQUEST_TIMEOUT_S = 60


def kafka_class_path(on_progress: OnProgress = silent) -> str:
    """Return the class path of the broker, fetching the jars that the cache lacks.

    Raises:
        UnavailableError: the Maven repository does not answer.
        RefusedError: a fetched file has another checksum than the pinned one.
        ConfigurationError: the extra `sandbox` is not installed.

    """
    jars = kafka_jars()
    folder = cache_dir() / "jars"
    paths = [folder / jar.sha256[:16] / jar.filename for jar in jars]
    if not all(path.exists() for path in paths):
        with locked(folder):
            missing = [(jar, path) for jar, path in zip(jars, paths, strict=True) if not path.exists()]
            _fetch_all(missing, folder, on_progress)
    return os.pathsep.join(map(str, paths))


def registry_home(on_progress: OnProgress = silent) -> Path:
    """Return the folder of the unpacked schema registry, fetching it if the cache lacks it.

    Raises what `kafka_class_path` raises.
    """
    archive = registry_archive()
    folder = cache_dir() / "registry"
    home = folder / f"{archive.name}-{archive.version}-{archive.sha256[:16]}"
    if not home.exists():
        with locked(folder):
            if not home.exists():
                _fetch_and_unpack(archive, folder, home, on_progress)
    return home


def _fetch_all(missing: Sequence[tuple[Artifact, Path]], folder: Path, on_progress: OnProgress) -> None:
    done = 0
    on_progress(Progress("download", "fetching Kafka", 0, len(missing)))
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):

        def fetch(wanted: tuple[Artifact, Path]) -> None:
            artifact, path = wanted
            fetched = _download(artifact, Path(scratch), lambda _done, _total: None)
            path.parent.mkdir(parents=True, exist_ok=True)
            fetched.replace(path)

        for _ in pool.map(fetch, missing):
            done += 1
            on_progress(Progress("download", "fetching Kafka", done, len(missing)))


def _fetch_and_unpack(archive: Artifact, folder: Path, home: Path, on_progress: OnProgress) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:

        def report(done: int, total: int) -> None:
            on_progress(Progress("download", "fetching the registry", done, total))

        fetched = _download(archive, Path(scratch), report)
        on_progress(Progress("download", "unpacking the registry"))
        unpacked = Path(scratch) / "unpacked"
        with tarfile.open(fetched) as tar:
            tar.extractall(unpacked, filter="data")
        unpacked.replace(home)


def _download(artifact: Artifact, scratch: Path, report: Callable[[int, int], None]) -> Path:
    """Fetch one file into the scratch folder and verify it. A cut connection is tried again."""
    maven = sandbox_module("jgo.maven")
    last: Exception | None = None
    for attempt in range(_ATTEMPTS):
        repository = scratch / f"{artifact.sha256[:16]}-{attempt}"
        context = maven.MavenContext(
            repo_cache=repository,
            resolver=maven.PythonResolver(progress_callback=_watch(report)),
            timeout=_REQUEST_TIMEOUT_S,
        )
        component = context.project(artifact.group, artifact.name).at_version(artifact.version)
        try:
            path: Path = component.artifact(artifact.classifier, artifact.packaging).resolve()
        except (requests.RequestException, RuntimeError, OSError) as error:
            last = error  # RuntimeError is how jgo says that no repository has the file
            continue
        _verify(artifact, path)
        return path
    raise UnavailableError(
        f"could not fetch {artifact.filename}: {last}",
        on="the Maven repository",
        todo="Check the network and try again; what was fetched so far is kept.",
    ) from last


def _verify(artifact: Artifact, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    if found != artifact.sha256:
        raise RefusedError(
            f"the fetched file has SHA-256 {found}, pinned is {artifact.sha256}",
            on=artifact.filename,
            todo="Something between you and the Maven repository changes files. Do not run it.",
        )


def _watch(report: Callable[[int, int], None]) -> Callable[[str, int], object]:
    """Turn a callback for (bytes done, bytes in all) into the one that jgo wants."""

    @contextmanager
    def watched(_filename: str, total: int) -> Iterator[Callable[[int], None]]:
        lock, done, shown = threading.Lock(), 0, 0

        def update(count: int) -> None:
            nonlocal done, shown
            with lock:
                done += count
                if done - shown >= total // 200 or done == total:
                    shown = done
                    report(done, total)

        yield update

    return watched
