from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.kube.quantities import format_bytes, format_milli, parse_quantity, to_integer, to_milli


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("100m", Fraction(1, 10)),
        ("1.5", Fraction(3, 2)),
        (".5Gi", 2**29),
        ("2Gi", 2 * 2**30),
        ("128974848", 128974848),
        ("129e6", 129_000_000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1k", 1000),
        ("-1Ki", -1024),
        ("10n", Fraction(1, 10**8)),
        (3, 3),
    ],
)
def test_parse(text: str | int, expected: Fraction | int) -> None:
    assert parse_quantity(text) == expected


@pytest.mark.parametrize("text", ["", "1 Gi", "Gi", "1KB", "0x10", "1e", "--1", "1mi"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="must match the regular expression"):
        parse_quantity(text)


def test_rounding_is_up() -> None:
    assert to_integer("1500m") == 2
    assert to_milli("1u") == 1


@given(st.integers(min_value=0, max_value=2**60))
def test_formatted_values_read_back(value: int) -> None:
    assert to_integer(format_bytes(value)) == value
    assert to_milli(format_milli(value)) == value
