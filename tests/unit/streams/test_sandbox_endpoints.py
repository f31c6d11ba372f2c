import tomllib
from pathlib import Path

import pytest

from streams.configuration import load
from streams.sandbox.endpoints import Endpoints

ONE = Endpoints(1, "127.0.0.1:20001", "http://127.0.0.1:20002/apis/ccompat/v7", "127.0.0.1", 20003)
THREE = Endpoints(3, "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3", "http://127.0.0.1:4", "127.0.0.1", 5)


@pytest.mark.parametrize(("endpoints", "copies", "in_sync"), [(ONE, 1, 1), (THREE, 3, 2)])
def test_are_settings_that_dealwire_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoints: Endpoints, copies: int, in_sync: int
) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text(endpoints.toml())
    from_file = load(file).settings
    for name, value in endpoints.environment().items():
        monkeypatch.setenv(name, value)
    from_environment = load(None).settings
    for settings in (from_file, from_environment):
        assert settings.kafka.bootstrap_servers == endpoints.bootstrap_servers
        assert settings.kafka.replication_factor == copies
        assert settings.kafka.min_insync_replicas == in_sync
        assert settings.registry.url == endpoints.registry_url
        assert (settings.email.host, settings.email.port) == ("127.0.0.1", endpoints.smtp_port)
        assert settings.email.tls == "none"


def test_every_value_is_in_both_forms() -> None:
    table = tomllib.loads(ONE.toml())
    flat = {f"DEALWIRE_{section}__{key}".upper() for section, values in table.items() for key in values}
    assert set(ONE.environment()) == flat
