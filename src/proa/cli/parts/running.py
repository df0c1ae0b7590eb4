"""How a part runs: its log, its event loop, its end on SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import uvloop

from proa.errors import ProaError
from proa.settings import Settings, from_text

Part = Callable[[Settings], Coroutine[None, None, None]]
_log = logging.getLogger(__name__)


def main(part: Part) -> None:
    """Run a part with the settings in the file that the arguments name."""
    settings = from_text(json.loads(Path(sys.argv[1]).read_text()))
    run(part, settings)


def run(part: Part, settings: Settings) -> None:
    """Run a part until SIGTERM or SIGINT; an expected error is one line and exit code 1."""
    level = logging.DEBUG if settings.debug else logging.INFO
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=level)
    _log.info("settings: %s", json.dumps(settings.as_text()))
    collect_rarely()
    try:
        uvloop.run(_until_signal(part(settings)))
    except (ProaError, ExceptionGroup) as error:
        if not (messages := _expected(error)):
            raise
        sys.exit(f"proa: {'; '.join(messages)}")


def collect_rarely() -> None:
    """Spares the collector what is imported by now and stays, and most walks through caches that grow."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _until_signal(work: Coroutine[None, None, None]) -> None:
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        _log.info("stopped")


def _expected(error: Exception) -> list[str]:
    """The messages of an error that is ours through and through; none when anything else is in it."""
    if not isinstance(error, ExceptionGroup):
        return [str(error)] if isinstance(error, ProaError) else []
    inner = [_expected(each) for each in error.exceptions]
    return [message for messages in inner for message in messages] if all(inner) else []
