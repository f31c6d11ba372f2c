"""Logging, set up once: one event a line, console on a terminal and JSON elsewhere, no secrets.

Libraries that log through `logging` come out the same way. Names whose values must never be read are masked
by name, and tokens, bearer headers and mail addresses by form, wherever they stand in an event.
"""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_MASK = "•••"
_SECRET_NAME = re.compile(
    r"password|secret|token|authorization|cookie|assertion|api_?key|private_?key|session_?id", re.IGNORECASE
)
_PERSONAL_NAME = re.compile(
    r"email|phone|first_?name|last_?name|contact_?name|note_?text|body", re.IGNORECASE
)
_FORMS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=!-]+"), rf"\1 {_MASK}"),
    (re.compile(r"\b00D[a-zA-Z0-9]{12}(?:[a-zA-Z0-9]{3})?![\w.]+"), _MASK),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), _MASK),
    (
        re.compile(r"(?i)\b((?:access|refresh)_token|client_secret|password|assertion)=[^&\s]+"),
        rf"\1={_MASK}",
    ),
    (re.compile(r"(?<=//)[^/\s:@]+:[^/\s@]+(?=@)"), _MASK),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), _MASK),
)

_NOISY = (
    "aiokafka",
    "faust",
    "mode",
    "aiohttp.access",
    "urllib3",
    "mail.log",
    "aiosfstream_ng",
    "aiocometd_ng",
)


def masked(text: str) -> str:
    """Give `text` with everything masked that has the form of a secret or of a mail address."""
    for pattern, replacement in _FORMS:
        text = pattern.sub(replacement, text)
    return text


def _clean(name: str, value: object) -> object:
    if value is not None and (_SECRET_NAME.search(name) or _PERSONAL_NAME.search(name)):
        return _MASK
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {str(key): _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(name, item) for item in value]
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    return masked(str(value))


def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask secrets and personal data in a log event, as a structlog processor."""
    return {
        name: _clean("", value) if name == "event" else _clean(name, value) for name, value in event.items()
    }


def configure(level: str = "INFO", form: Literal["auto", "console", "json"] = "auto") -> None:
    """Set up logging on standard error for this process. Call it once, at start."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_event,
    ]
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(sort_keys=True)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def bind(**names: Any) -> None:
    """Bind names (org, record, run) to every event logged from here on in this task."""
    structlog.contextvars.bind_contextvars(**names)
