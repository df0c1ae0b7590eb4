"""The tokens of CEL.

Source: the grammar of the CEL language definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from proa.cluster.cel.errors import Problem

Kind = Literal["float", "int", "uint", "string", "bytes", "name", "escaped", "symbol", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. Keywords (true, false, null, in) are symbols."""

    kind: Kind
    text: str
    offset: int


_ESCAPE = r"\\(?:[abfnrtv\"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"
_STRING = "|".join(
    (
        r"[rR]\"\"\"(?s:.)*?\"\"\"",
        r"[rR]'''(?s:.)*?'''",
        r"[rR]\"[^\"\n\r]*\"",
        r"[rR]'[^'\n\r]*'",
        rf"\"\"\"(?:{_ESCAPE}|[^\\])*?\"\"\"",
        rf"'''(?:{_ESCAPE}|[^\\])*?'''",
        rf"\"(?:{_ESCAPE}|[^\\\"\n\r])*\"",
        rf"'(?:{_ESCAPE}|[^\\'\n\r])*'",
    )
)
_TOKEN = re.compile(
    rf"""
    (?P<space>[\t \r\n\f]+|//[^\n]*)
  | (?P<bytes>[bB](?:{_STRING}))
  | (?P<string>{_STRING})
  | (?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
  | (?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
  | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<escaped>`[A-Za-z0-9_.\-/\x20]+`)
  | (?P<symbol>==|!=|<=|>=|&&|\|\||[<>\[\]{{}}().,\-!?:+*/%])
    """,
    re.VERBOSE,
)
_KEYWORDS = frozenset({"true", "false", "null", "in"})


def tokenize(text: str, problems: list[Problem]) -> list[Token]:
    """All tokens, an `end` last. What is no token is reported and left out."""
    return [*_tokens(text, problems), Token("end", "<EOF>", len(text))]


def _tokens(text: str, problems: list[Problem]) -> Iterator[Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            end = _unrecognized(text, position)
            problems.append(
                Problem(position, f"Syntax error: token recognition error at: '{_shown(text[position:end])}'")
            )
            position = end
            continue
        kind, piece = match.lastgroup, match.group()
        if kind != "space":
            yield Token("symbol" if piece in _KEYWORDS else kind, piece, position)  # type: ignore[arg-type]
        position = match.end()


def _unrecognized(text: str, position: int) -> int:
    """Where the lexer goes on: it drops what it had to read to see that no token begins here."""
    char = text[position]
    if char in "\"'":
        stop = re.compile(r"[\n\r]|\\(?![abfnrtv\"'\\?`xXuU0-3])").search(text, position + 1)
        return min(len(text), stop.end() + (text[stop.start()] == "\\")) if stop else len(text)
    if char in "=|&":
        return min(len(text), position + 2)
    return position + 1


def _shown(piece: str) -> str:
    return piece.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
