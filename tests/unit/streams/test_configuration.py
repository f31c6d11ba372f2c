"""One file, the environment over it, no secret in the file; and errors that name key, value and place."""

from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from streams.configuration import load, shown


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DEALWIRE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_a_file_the_defaults_are_in_force() -> None:
    assert load().settings.kafka.partitions == 24
    assert load().origins == {}


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, '[kafka]\npartitions = 6\nclient_id = "mine"\n')
    monkeypatch.setenv("DEALWIRE_KAFKA__PARTITIONS", "12")
    read = load(path)
    assert (read.settings.kafka.partitions, read.settings.kafka.client_id) == (12, "mine")
    assert read.origins["kafka.partitions"] == "DEALWIRE_KAFKA__PARTITIONS"
    assert read.origins["kafka.client_id"] == str(path)


def test_the_file_is_found_by_variable_and_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dealwire.toml").write_text("[kafka]\npartitions = 3\n", "utf-8")
    assert load().settings.kafka.partitions == 3
    monkeypatch.setenv("DEALWIRE_CONFIG", str(file(tmp_path, "[kafka]\npartitions = 5\n")))
    assert load().settings.kafka.partitions == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[kafka]\npartitions = "many"\n', r"kafka\.partitions = 'many' \(from .*my\.toml\).*integer"),
        ("[kafka]\npartitions = 0\n", r"kafka\.partitions = 0 .*greater than or equal to 1"),
        ("[kafka]\npartition = 3\n", r"kafka\.partition = 3 .*not permitted"),
        ("[kafak]\n", "kafak.*not permitted"),
        ('[kafka]\nsecurity_protocol = "TLS"\n', r"security_protocol = 'TLS' .*'SASL_SSL'"),
        (
            '[kafka]\nsasl_password = "hunter2"\n',
            r"kafka\.sasl_password is a secret.*DEALWIRE_KAFKA__SASL_PASSWORD",
        ),
        ('[kafka]\nsasl_password = { file = "/nowhere" }\n', "cannot be read"),
        ('[kafka]\nsasl_password = { env = "NOT_SET_HERE" }\n', "NOT_SET_HERE, which is not set"),
        ("[kafka\n", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load(file(tmp_path, text))
    assert "hunter2" not in str(caught.value)


def test_a_file_that_was_named_and_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load(Path("nowhere.toml"))


def test_a_variable_that_names_no_setting_is_an_error_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEALWIRE_KAFAK__PARTITIONS", "6")
    with pytest.raises(ConfigurationError, match="Did you mean DEALWIRE_KAFKA__"):
        load()


def test_a_secret_comes_from_file_or_environment_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n", "utf-8")
    path = file(
        tmp_path,
        f'[kafka]\nsasl_password = {{ file = "{secret}" }}\n'
        '[registry]\npassword = { env = "REGISTRY_PW" }\n',
    )
    monkeypatch.setenv("REGISTRY_PW", "hunter3")
    monkeypatch.setenv("DEALWIRE_ACCOUNTS__HTTP__TOKEN", "hunter4")
    read = load(path)
    kafka, registry, token = (
        read.settings.kafka.sasl_password,
        read.settings.registry.password,
        read.settings.accounts.http.token,
    )
    assert kafka is not None
    assert registry is not None
    assert token is not None
    assert (kafka.get_secret_value(), registry.get_secret_value(), token.get_secret_value()) == (
        "hunter2",
        "hunter3",
        "hunter4",
    )
    rows = {key: (value, origin) for key, value, origin in shown(read)}
    assert "hunter" not in repr(rows) + repr(read)
    assert rows["kafka.sasl_password"] == ("********", f"{secret} (named in {path})")
    assert rows["registry.password"][1] == f"$REGISTRY_PW (named in {path})"
    assert rows["accounts.http.token"][1] == "DEALWIRE_ACCOUNTS__HTTP__TOKEN"
    assert rows["kafka.partitions"] == ("24", "default")


def test_a_rule_about_several_keys_does_not_print_the_secret_among_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALWIRE_EMAIL__PASSWORD", "hunter5")
    monkeypatch.setenv("DEALWIRE_ORGS__A__CLIENT_SECRET", "hunter6")
    path = file(
        tmp_path, '[email]\ntls = "none"\nusername = "u"\n[orgs.a]\nlogin_url = "http://far.example"\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert "hunter" not in str(caught.value)
    assert "email" in str(caught.value)
