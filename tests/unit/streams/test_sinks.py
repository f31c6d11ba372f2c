from pathlib import Path

import pytest

from connectors.accounts.config import AccountsConfig, SqlAccountsConfig
from connectors.accounts.http import HttpAccountSink
from connectors.email.config import EmailConfig
from connectors.email.smtp import SmtpMailSink
from connectors.ports import SystemClock
from connectors.writer.config import WriterConfig
from connectors.writer.http import HttpBriefWriter
from schemas.errors import RefusedError
from streams.sinks import open_accounts, open_mails, open_writer
from tests.fixtures.accounts import an_account


async def test_a_database_is_ready_at_once_and_after_a_restart(tmp_path: Path) -> None:
    config = AccountsConfig(sql=SqlAccountsConfig(url=f"sqlite+aiosqlite:///{tmp_path}/new/accounts.db"))
    for revision in (1, 2):
        sink = await open_accounts(config, SystemClock())
        upserted = await sink.upsert(an_account(revision=revision), idempotency_key=f"c{revision}")
        assert upserted.created is (revision == 1)
        await sink.close()


async def test_a_file_that_is_no_database_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "accounts.db").write_bytes(b"not one" * 1000)
    config = AccountsConfig(sql=SqlAccountsConfig(url=f"sqlite+aiosqlite:///{tmp_path}/accounts.db"))
    with pytest.raises(RefusedError, match="not a database"):
        await open_accounts(config, SystemClock())


async def test_the_settings_choose() -> None:
    sink = await open_accounts(AccountsConfig(sink="http"), SystemClock())
    assert isinstance(sink, HttpAccountSink)
    await sink.close()
    mails = open_mails(EmailConfig(), SystemClock())
    assert isinstance(mails, SmtpMailSink)
    await mails.close()
    assert open_writer(WriterConfig(), SystemClock()) is None
    writer = open_writer(WriterConfig(url="http://127.0.0.1:8080/v1", model="small"), SystemClock())
    assert isinstance(writer, HttpBriefWriter)
    await writer.close()
