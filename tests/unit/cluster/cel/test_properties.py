"""What holds for all values and all texts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster import cel
from proa.cluster.cel import types, values
from proa.cluster.cel.values import INT_MAX, INT_MIN

_INTS = st.integers(INT_MIN, INT_MAX)
_JSON = st.recursive(
    st.none() | st.booleans() | _INTS | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)
_WORDS = (
    "self .a [0] ( ) [ ] { } , ? : && || ! - + == in 1 2u 1.5 'x' b'x' true null .map(x,x) .all(x,x) size"
)
_MORE = "has(self.a) .?a optional.of(1) .orValue(2) int dyn string( .split(',') # if"
_PIECES = st.sampled_from([*_WORDS.split(" "), *_MORE.split(" "), "\n"])


def run(text: str, **given_values: Any) -> Any:
    declared = dict.fromkeys(given_values, types.DYN)
    return cel.compile(text, declared).evaluate(given_values)


@given(_JSON)
def test_every_value_equals_itself(value: Any) -> None:
    assert run("a == a && [a] == [a] && {'k': a} == {'k': a}", a=value) is True


@given(_JSON, _JSON)
def test_equality_has_no_direction(first: Any, second: Any) -> None:
    assert run("(a == b) == (b == a) && (a != b) == !(a == b)", a=first, b=second) is True


def outcome(text: str, **given_values: Any) -> Any:
    """The value, or the message of what went wrong."""
    try:
        return run(text, **given_values)
    except (cel.CompileError, cel.EvaluationError) as error:
        return str(error)


@given(_INTS, _INTS)
def test_sums_are_exact_or_overflow(first: int, second: int) -> None:
    total = first + second
    fits = INT_MIN <= total <= INT_MAX
    assert outcome("a + b", a=first, b=second) == (total if fits else "integer overflow")


@given(_INTS, _INTS.filter(bool))
def test_a_quotient_and_its_rest_make_the_number(first: int, second: int) -> None:
    if (first, second) != (INT_MIN, -1):
        assert run("a / b * b + a % b == a", a=first, b=second) is True


@given(st.lists(_INTS))
def test_sorting_sorts(numbers: list[int]) -> None:
    assert run("a.map(x, int(x)).sort()", a=numbers) == sorted(numbers)


@given(st.text(), st.text(min_size=1))
def test_join_undoes_split(text: str, separator: str) -> None:
    assert run("a.split(b).join(b)", a=text, b=separator) == text


@given(st.lists(_PIECES, max_size=14).map("".join) | st.text())
def test_any_text_gives_a_value_or_says_why_not(text: str) -> None:
    assert outcome(text, self={"a": [1, {"b": "c"}]}) != ""


@given(st.integers(0, (1 << 64) - 1))
def test_a_uint_keeps_its_type(number: int) -> None:
    assert type(run("uint(a)", a=values.Uint(number))) is values.Uint
