"""Files of variables, as fileKeyRef reads them. Pure (source: pkg/kubelet/util/env, KEP-3721).

A line is NAME='value'; the value stands as it is between single quotes and may go on over several lines.
Lines that are empty or begin with `#` say nothing; a space after `=` means an empty value.
"""

from __future__ import annotations

from collections.abc import Iterator


class EnvFileError(ValueError):
    """A file is not of this form; the message says where."""


def value_in(text: str, name: str) -> str:
    """The first value that is given to the name; empty when there is none. Raises EnvFileError."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        stripped = line.lstrip(" \t")
        if stripped and not stripped.startswith("#"):
            found, value = _assignment(number, stripped, lines)
            if found == name:
                return value
    return ""


def _assignment(number: int, line: str, following: Iterator[tuple[int, str]]) -> tuple[str, str]:
    name, equals, rest = line.partition("=")
    if not equals:
        raise EnvFileError(f"line {number}: missing '='")
    if not name.strip(" \t") or name != name.rstrip(" \t"):
        raise EnvFileError(f"line {number}: empty variable name or whitespace before '='")
    if rest != rest.lstrip(" \t"):
        return name, ""
    if not rest.startswith("'"):
        raise EnvFileError(f"line {number}: value must be enclosed in single quotes")
    return name, _quoted(number, rest[1:], following)


def _quoted(number: int, rest: str, following: Iterator[tuple[int, str]]) -> str:
    value = ""
    while "'" not in rest:
        value += rest + "\n"
        line = next(following, None)
        if line is None:
            raise EnvFileError(f"line {number}: unclosed single quote")
        rest = line[1]
    last, _, after = rest.partition("'")
    after = after.lstrip(" \t")
    if after and not after.startswith("#"):
        raise EnvFileError(f"line {number}: unexpected content after closing quote")
    return value + last
