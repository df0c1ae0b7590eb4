"""Regular expressions that users bring: RE2, as Kubernetes has it.

Its time is linear in the text, so that no pattern of a schema or rule can hold the server up.
Source: pkg.go.dev/regexp/syntax; the messages of errors are those of Go.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

import re2

from proa.errors import ProaError

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_SAID_OTHERWISE = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


class PatternError(ProaError):
    """The pattern is none; the message is the one of Go."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str) -> None:
        """Raises PatternError."""
        try:
            self._compiled = re2.compile(text, _OPTIONS)
        except re2.error as fault:
            raise PatternError(_as_go_says(fault)) from None

    def found_in(self, text: str) -> bool:
        """Whether the text has a part that the pattern matches."""
        return self._compiled.search(text) is not None

    def find(self, text: str) -> str:
        """The first part that the pattern matches; empty when there is none."""
        found = self._compiled.search(text)
        return str(found.group()) if found else ""

    def find_all(self, text: str, limit: int = -1) -> list[str]:
        """The parts that the pattern matches, at most `limit` unless that is negative."""
        found = (match.group() for match in self._compiled.finditer(text))
        return list(islice(found, limit if limit >= 0 else None))


@lru_cache(4096)
def pattern(text: str) -> Pattern:
    """The compiled pattern. Raises PatternError."""
    return Pattern(text)


def _as_go_says(fault: Exception) -> str:
    said = fault.args[0]
    what, colon, where = (said.decode() if isinstance(said, bytes) else str(said)).partition(": ")
    return f"error parsing regexp: {_SAID_OTHERWISE.get(what, what)}" + (f": `{where}`" if colon else "")
