"""Progress of a command that takes seconds: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self


class Progress:
    """Shows the step under way; with `verbose`, each step and when it began."""

    def __init__(self, *, verbose: bool) -> None:
        self._began = time.monotonic()
        self._live = None
        self._verbose = verbose
        if sys.stdout.isatty() and not verbose:
            from rich.console import Console

            self._live = Console().status("", spinner="dots")

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def step(self, words: str) -> None:
        """What begins now."""
        if self._live:
            self._live.update(words)
        elif self._verbose:
            print(f"{self.seconds:6.2f} s  {words}", flush=True)
        else:
            print(words, flush=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
