"""Which files the sandbox runs: the pinned list `artifacts.lock`, read."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Artifact", "kafka_jars", "registry_archive"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository, and the SHA-256 it must have."""

    group: str
    name: str
    version: str
    sha256: str
    classifier: str = ""
    packaging: str = "jar"

    @property
    def filename(self) -> str:
        """Its name in the repository and in the cache."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{classifier}.{self.packaging}"


@cache
def _pinned() -> tuple[Artifact, ...]:
    lines = files(__package__).joinpath("artifacts.lock").read_text(encoding="utf-8").splitlines()
    return tuple(_parse(line) for line in lines if line and not line.startswith("#"))


def _parse(line: str) -> Artifact:
    coordinate, sha256 = line.split()
    group, name, version, *rest = coordinate.split(":")
    return Artifact(group, name, version, sha256, *rest)


def kafka_jars() -> tuple[Artifact, ...]:
    """Return every jar of the broker's class path."""
    return tuple(artifact for artifact in _pinned() if artifact.packaging == "jar")


def registry_archive() -> Artifact:
    """Return the archive that unpacks to a runnable schema registry."""
    (archive,) = (artifact for artifact in _pinned() if artifact.packaging == "tar.gz")
    return archive
