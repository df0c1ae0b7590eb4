"""Canonical quantities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.schema.quantity import canonical
from proa.kube.quantities import parse_quantity


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("100m", "100m"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1.5", "1500m"),
        ("1000", "1k"),
        (1, "1"),
        (0.1, "100m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1000Ki", "1000Ki"),
        ("512Ki", "512Ki"),
        ("0", "0"),
        ("0Gi", "0"),
        ("0.5Ki", "512"),
        ("1e3", "1e3"),
        ("12E6", "12e6"),
        ("1E", "1E"),
        ("-1", "-1"),
        ("0.0000000001", "1n"),
        ("100", "100"),
        ("3e0", "3"),
    ],
)
def test_forms(written: str | float, stored: str) -> None:
    assert canonical(written) == stored


@given(st.integers(0, 10**15), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi"]))
def test_the_value_stays_and_the_form_is_final(number: int, suffix: str) -> None:
    stored = canonical(f"{number}{suffix}")
    assert parse_quantity(stored) == parse_quantity(f"{number}{suffix}")
    assert canonical(stored) == stored


@pytest.mark.parametrize("text", ["", "much", "1Q", "1.2.3", "Gi"])
def test_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="quantit"):
        canonical(text)
