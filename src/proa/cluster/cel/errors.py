"""What goes wrong with an expression.

ProaError
├── CompileError        the text is no valid expression; lists every problem with its place
└── EvaluationError     the expression has no value
    ├── Failure         an error value: `&&`, `||` and the macros over lists may absorb it
    ├── Cancelled       it costs more than one evaluation may; nothing absorbs it
    └── BudgetExhausted what several evaluations may cost together is spent
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from proa.errors import ProaError

_SNIPPET_LIMIT = 16384


@dataclass(frozen=True, order=True)
class Problem:
    """A message about one place, which is an offset in the text; -1 where there is none."""

    offset: int
    message: str

    def display(self, text: str) -> str:
        """The message with line, column and a caret under the place, as cel-go prints it."""
        if self.offset < 0 or not text:
            return f"ERROR: <input>:{1 if not text else -1}:0: {self.message}"
        before = text[: self.offset]
        line, column = before.count("\n"), self.offset - (before.rfind("\n") + 1)
        snippet = text.split("\n")[line].replace("\t", " ")
        head = f"ERROR: <input>:{line + 1}:{column + 1}: {self.message}"
        if len(snippet) > _SNIPPET_LIMIT:
            return head
        dots = "".join("\uff0e" if _is_wide(char) else "." for char in snippet[:column])
        caret = "\uff3e" if snippet[column : column + 1] and _is_wide(snippet[column]) else "^"
        return f"{head}\n | {snippet}\n | {dots}{caret}"


def _is_wide(char: str) -> bool:
    return ord(char) > 0x7F and unicodedata.category(char) != "Cs"


class CompileError(ProaError):
    """The text does not compile; the message shows each problem under its place in the text."""

    def __init__(self, text: str, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.offset)
        super().__init__("\n".join(problem.display(text) for problem in self.problems))


class EvaluationError(ProaError):
    """The expression has no value."""


class Failure(EvaluationError):
    """An error value of CEL."""


class Cancelled(EvaluationError):
    """The evaluation costs more than it may."""


class BudgetExhausted(EvaluationError):
    """The evaluations of one object or policy cost more than they may together."""


def no_such_overload() -> Failure:
    """A function was called with values that it is not defined for."""
    return Failure("no such overload")
