"""The sinks that the settings name, ready for use."""

from connectors.accounts.config import AccountsConfig
from connectors.accounts.http import HttpAccountSink
from connectors.accounts.sql import SqlAccountSink
from connectors.email.config import EmailConfig
from connectors.email.smtp import SmtpMailSink
from connectors.ports import AccountSink, BriefWriter, Clock, MailSink
from connectors.writer.config import WriterConfig
from connectors.writer.http import HttpBriefWriter

__all__ = ["open_accounts", "open_mails", "open_writer"]


async def open_accounts(config: AccountsConfig, clock: Clock) -> AccountSink:
    """Give the account sink; a database gets its table, whoever else is doing the same.

    Raises `ConfigurationError`, `RefusedError` or `UnavailableError` when the database cannot be used.
    """
    if config.sink == "http":
        return HttpAccountSink(config.http, clock=clock)
    sink = SqlAccountSink(config.sql)
    try:
        await sink.create_tables()
    except BaseException:
        await sink.close()
        raise
    return sink


def open_mails(config: EmailConfig, clock: Clock) -> MailSink:
    """Give the mail sink. Raises `ConfigurationError` when its certificate authorities cannot be read."""
    return SmtpMailSink(config, clock=clock)


def open_writer(config: WriterConfig, clock: Clock) -> BriefWriter | None:
    """Give the language model's writer, or None where no endpoint is set.

    Raises `ConfigurationError` when its certificate authorities cannot be read.
    """
    return HttpBriefWriter(config, clock=clock) if config.url is not None else None
