"""Logs: named events with ids, as JSON; keys that could hold a personal value never get out.

The last line of defence only: no caller passes personal values in the first place, and a test with unique values
through every entry point shows that none arrives here.
"""

# ruff: noqa: E402 - structlog is loaded in surroundings of its own.

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TextIO

# structlog looks for rich, to colour tracebacks that we never print; it would be a tenth of all that a process loads.
_RICH = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]  # what the import system takes for "not there"
import structlog

del sys.modules["rich"]
if _RICH is not None:
    sys.modules["rich"] = _RICH

from governance.kernel.settings import Settings

REDACTED = "[redacted]"
SENSITIVE_KEYS = frozenset(
    {
        "address", "authorization", "birth_date", "body", "contact", "cookie", "email", "family_name", "given_name",
        "name", "password", "patronymic", "personal", "phone", "plaintext", "secret", "token", "value",
    }
)  # fmt: skip


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: replace what stands under a sensitive key, at any depth."""
    for key, value in event.items():
        event[key] = _clean(key, value)
    return event


def _clean(key: str, value: Any) -> Any:  # noqa: ANN401 (whatever a log call was given)
    if key.lower() in SENSITIVE_KEYS:
        return REDACTED
    if isinstance(value, dict):
        return {inner: _clean(str(inner), held) for inner, held in value.items()}
    return value


def configure(settings: Settings) -> None:
    """Route structlog and the standard library's loggers to standard error, in the format of *settings*."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
        _drop_exception_text,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if settings.log_format == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
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
    _in_json.clear()
    if settings.log_format != "console":
        _in_json.append(handler)
    root.setLevel(settings.log_level.upper())
    for chatty in ("procrastinate", "apscheduler", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


_in_json: Final["list[logging.StreamHandler[TextIO]]"] = []
"""What writes JSON to standard error, if that is where all lines go."""
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def info_each(name: str, event: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Log *event* for each of *rows*, as the logger of that *name* would, for a tenth of the price.

    Args:
        name: of the logger.
        event: what happened.
        rows: codes, counts and ids only, at least one: nobody looks for personal values in them.
    """
    root = logging.getLogger()
    if not _in_json or root.handlers != _in_json:
        logger = get_logger(name)
        for row in rows:
            logger.info(event, **row)
    elif root.isEnabledFor(logging.INFO):
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        end = f", {_encode({'event': event, 'logger': name, 'level': 'info', 'timestamp': at})[1:]}\n"
        lines = "".join([_encode(row)[:-1] + end for row in rows])
        (handler,) = _in_json
        with handler.lock:  # type: ignore[union-attr]  # a handler that was made has one
            handler.stream.write(lines)
            handler.flush()


def _drop_exception_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep class and place of an exception, drop its message: drivers quote values in theirs."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error_type"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["error_at"] = _frames(error)
    return event


def _frames(error: BaseException) -> list[str]:
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return frames[-8:]


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose events are named `package.event` and carry ids only."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
