"""Arguments that are handed on to a part, `NAME=VALUE`, by upstream's names: `--kubelet-arg` and its like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from proa.errors import UserError

Parsers = Mapping[str, Callable[[str], Any]]
"""By the argument's name: from text to value; ValueError says what is wrong with it."""


def read_arguments(flag: str, part: str, texts: Sequence[str], parsers: Parsers) -> dict[str, Any]:
    """The values of these texts by name; a later one replaces an earlier.

    Raises UserError, which names `flag` and tells what `part` has.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.removeprefix("--").partition("=")
        if name not in parsers:
            known = ", ".join(sorted(parsers))
            raise UserError(f"{flag} {name}: the {part} has no such argument; it has: {known}")
        if not separator:
            raise UserError(f"{flag} {name}: a value is missing: give {name}=VALUE")
        try:
            found[name] = parsers[name](value)
        except ValueError as error:
            raise UserError(f"{flag} {name}: {error}") from None
    return found
