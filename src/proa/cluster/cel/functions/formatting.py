"""`format`: printf for CEL (`%s %d %f %e %b %x %X %o %%`, with a precision).

Source: cel-go's strings library, version 2.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from proa.cluster.cel import arithmetic, times
from proa.cluster.cel.errors import Failure
from proa.cluster.cel.types import Type
from proa.cluster.cel.values import Duration, Timestamp

_CLAUSE = re.compile(r"%(%|(?:\.(\d*))?(.))", re.DOTALL)
_DEFAULT_PRECISION = 6
_MOST_DIGITS = 1000
_SPECIAL = ("NaN", "Infinity", "-Infinity")


def format_text(template: str, args: list[Any]) -> str:
    """The template with each clause replaced by its argument. Raises Failure."""
    given = iter(enumerate(args))

    def clause(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        index, value = next(given, (len(args), _ABSENT))
        if value is _ABSENT:
            raise Failure(f"index {index} out of range")
        return _clause(match[3], match[2], value)

    if (template.count("%") - len(re.findall("%%", template)) * 2) and template.endswith("%"):
        trailing = re.sub("%%", "", template)
        if trailing.endswith("%"):
            raise Failure("unexpected end of string")
    return _CLAUSE.sub(clause, template)


_ABSENT = object()


def _clause(verb: str, precision: str | None, value: Any) -> str:
    if verb in _PRECISE:
        if precision == "":
            raise Failure("error while parsing precision: could not parse precision")
        digits = int(precision) if precision and len(precision) < 5 else _DEFAULT_PRECISION
        if len(precision or "") > 4 or digits > _MOST_DIGITS:
            raise Failure(f"precision {precision} is more than {_MOST_DIGITS}")
        return _PRECISE[verb](value, digits)
    if verb in _CLAUSES:
        return _CLAUSES[verb](value)
    raise Failure(f'could not parse formatting clause: unrecognized formatting clause "{verb}"')


def as_string(value: Any) -> str:
    """What `%s` prints."""
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    if isinstance(value, dict):
        pairs = sorted((_key(key), _quoted(item)) for key, item in value.items())
        return "{" + ", ".join(f"{key}:{item}" for key, item in pairs) + "}"
    for kind, show in _SHOWN:
        if isinstance(value, kind):
            return show(value)
    raise Failure(
        "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, "
        f"maps, lists, types, durations, and timestamps, was given {arithmetic.name_of(value)}"
    )


def _double(value: float) -> str:
    from proa.cluster.cel.functions.conversions import double_to_string

    return double_to_string(value)


_SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, arithmetic.shown),
    (int, str),
    (float, _double),
    (str, str),
    (bytes, lambda value: value.decode(errors="replace")),
    (type(None), lambda _value: "null"),
    (Timestamp, times.format_timestamp),
    (Duration, times.format_duration),
    (Type, str),
)


def _quoted(value: Any) -> str:
    text = _fixed(value, _DEFAULT_PRECISION) if isinstance(value, float) else as_string(value)
    if isinstance(value, str) or (isinstance(value, float) and not math.isfinite(value)):
        return json.dumps(text, ensure_ascii=False)
    return f"b{json.dumps(text, ensure_ascii=False)}" if isinstance(value, bytes) else text


def _key(value: Any) -> str:
    if isinstance(value, (str, bool, int)):
        return _quoted(value)
    raise Failure(
        f"error during formatting: no formatting function for map key of type {arithmetic.name_of(value)}"
    )


def _wrong(clause: str, kinds: str, value: Any) -> Failure:
    name = arithmetic.name_of(value)
    return Failure(f"error during formatting: {clause} clause can only be used on {kinds}, was given {name}")


def _decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("decimal", "integers", value)
    return str(int(value))


def _binary(value: Any) -> str:
    if not isinstance(value, int):
        raise _wrong("only integers and bools can be formatted as binary:", "integers and bools", value)
    return f"{int(value):b}"


def _octal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("octal", "integers", value)
    return f"{int(value):o}"


def _hexadecimal(value: Any) -> str:
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("hex", "integers, byte buffers, and strings", value)
    return f"{int(value):x}"


def _number(clause: str, value: Any) -> float:
    if isinstance(value, float):
        return value
    if value in _SPECIAL:
        return float(value)
    raise _wrong(clause, "doubles", value)


def _fixed(value: Any, precision: int) -> str:
    number = _number("fixed-point", value)
    if not math.isfinite(number):
        return _infinite(number)
    return f"{number:,.{precision}f}"


def _scientific(value: Any, precision: int) -> str:
    number = _number("scientific", value)
    if not math.isfinite(number):
        return _infinite(number)
    mantissa, _e, exponent = f"{number:.{precision}e}".partition("e")
    raised = "".join(_raised(exponent))
    return f"{mantissa}\u00d710{raised}"


def _raised(exponent: str) -> Iterator[str]:
    sign, digits = exponent[0], exponent[1:]
    if sign == "-":
        yield "⁻"
    yield from digits.rjust(2, "0").translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _infinite(number: float) -> str:
    return "NaN" if math.isnan(number) else "∞" if number > 0 else "-∞"


_CLAUSES: dict[str, Callable[[Any], str]] = {
    "s": as_string,
    "d": _decimal,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value: _hexadecimal(value).upper(),
}
_PRECISE: dict[str, Callable[[Any, int], str]] = {"f": _fixed, "e": _scientific}
