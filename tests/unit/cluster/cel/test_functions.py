"""Every function with values of every type: a result or an error of CEL, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from proa.cluster import cel
from proa.cluster.cel import types
from proa.cluster.cel.functions import PATCH_LIBRARY
from proa.cluster.cel.values import NONE, Duration, Optional, Timestamp, Uint

_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    Uint(3),
    1.5,
    float("nan"),
    "",
    "1.2.3",
    "9" * 5000,
    b"x",
    [],
    [1, "a"],
]
_VALUES += [{}, {"a": 1}, Timestamp(0), Duration(5), NONE, Optional(1), -(1 << 63), 10**6]
_SYMBOLS = {"_[_]": "a[b]", "_[?_]": "a[?b]", "!_": "!a", "-_": "-a", "@in": "a in b"}
_NAMES = "abcd"


def _calls() -> Iterator[tuple[str, int]]:
    for name in PATCH_LIBRARY:
        for overload in PATCH_LIBRARY.named(name):
            count = len(overload.args)
            if name in _SYMBOLS or name.startswith("_"):
                yield _SYMBOLS.get(name, f"a {name.strip('_')} b"), count
            elif overload.member:
                yield f"a.{name}({', '.join(_NAMES[1:count])})", count
            else:
                yield f"{name}({', '.join(_NAMES[:count])})", count


def settles(program: cel.Program, given: tuple[Any, ...]) -> bool:
    """Whether a value or an error of CEL comes of it."""
    try:
        program.evaluate(dict(zip(_NAMES, given, strict=False)), cel.Budget())
    except cel.EvaluationError as error:
        return bool(str(error))
    return True


@pytest.mark.parametrize(("text", "count"), sorted(set(_calls())), ids=str)
def test_a_call_gives_a_value_or_an_error(text: str, count: int) -> None:
    program = cel.compile(text, dict.fromkeys(_NAMES, types.DYN), library=PATCH_LIBRARY)
    values = _VALUES if count < 3 else _VALUES[::3]
    assert all(settles(program, given) for given in product(values, repeat=count))
