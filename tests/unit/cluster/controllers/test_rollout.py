"""The arithmetic of a rollout, as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.controllers.rollout import Bounds, Member, Sizes, bounds, rolling, scaled

TEN = Bounds(10, surge=3, unavailable=2)


def strategy(surge: int | str, unavailable: int | str) -> dict[str, object]:
    rolling_update = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"type": "RollingUpdate", "rollingUpdate": rolling_update}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (3, "25%", "25%", Bounds(3, 1, 0)),
        (10, "25%", "25%", Bounds(10, 3, 2)),
        (4, 0, "10%", Bounds(4, 0, 1)),
        (2, 0, 5, Bounds(2, 0, 2)),
        (1, "100%", 0, Bounds(1, 1, 0)),
        (0, "25%", "25%", Bounds(0, 0, 0)),
    ],
)
def test_percentages_round_surge_up_and_unavailable_down(
    replicas: int, surge: int | str, unavailable: int | str, expected: Bounds
) -> None:
    assert bounds({"replicas": replicas, "strategy": strategy(surge, unavailable)}) == expected


STEPS: dict[str, tuple[Member, list[Member], Sizes]] = {
    "the new set grows as far as the surge": (Member("n", 0), [Member("o", 10, 10)], {"n": 3}),
    "then the old one gives what may be unavailable": (Member("n", 3), [Member("o", 10, 10)], {"o": 8}),
    "the new set follows": (Member("n", 3), [Member("o", 8, 8)], {"n": 5}),
    "it waits while nothing may go": (Member("n", 5), [Member("o", 8, 8)], {}),
    "pods that do not work go first": (
        Member("n", 3),
        [Member("a", 5, 0, age=1), Member("b", 5, 5, age=2)],
        {"a": 3},
    ),
    "the oldest set goes first": (
        Member("n", 5, 5),
        [Member("b", 4, 4, age=2), Member("a", 4, 4, age=1)],
        {"a": 0, "b": 3},
    ),
    "a new set that is too large shrinks": (Member("n", 12), [], {"n": 10}),
    "it ends": (Member("n", 10, 10), [Member("o", 0)], {}),
}


@pytest.mark.parametrize(("new", "old", "expected"), STEPS.values(), ids=STEPS.keys())
def test_a_rolling_update_steps(new: Member, old: list[Member], expected: Sizes) -> None:
    assert rolling(TEN, new, old) == expected


SCALINGS: dict[str, tuple[int, Member | None, list[Member], Sizes]] = {
    "one set takes the number": (5, Member("n", 3, 3), [Member("o", 0)], {"n": 5}),
    "none in use: the new one": (5, Member("n", 0), [Member("o", 0)], {"n": 5}),
    "no new one: the youngest": (5, None, [Member("a", 0, age=1), Member("b", 0, age=2)], {"b": 5}),
    "a full new set ends the old": (5, Member("n", 5, 5), [Member("o", 2, 2)], {"o": 0}),
    "shares grow in proportion": (
        20,
        Member("n", 5, 0, most=13, age=2),
        [Member("o", 8, 8, most=13, age=1)],
        {"o": 15, "n": 10},
    ),
    "shares shrink in proportion": (
        5,
        Member("n", 5, 0, most=13, age=2),
        [Member("o", 8, 8, most=13, age=1)],
        {"o": 4, "n": 3},
    ),
    "to nothing": (0, Member("n", 2, age=2), [Member("o", 3, age=1)], {"o": 0, "n": 0}),
}


@pytest.mark.parametrize(("replicas", "new", "old", "expected"), SCALINGS.values(), ids=SCALINGS.keys())
def test_a_changed_number_is_shared(
    replicas: int, new: Member | None, old: list[Member], expected: Sizes
) -> None:
    limit = bounds({"replicas": replicas, "strategy": strategy("25%", "25%")})
    assert scaled(limit, new, old, 13) == expected


@given(st.integers(0, 30), st.integers(0, 10), st.integers(0, 10), st.integers(1, 30))
def test_every_rolling_update_ends_within_its_bounds(
    replicas: int, surge: int, unavailable: int, before: int
) -> None:
    limit = bounds({"replicas": replicas, "strategy": strategy(surge, unavailable)})
    new, old = Member("n", 0, 0), Member("o", replicas, min(before, replicas))
    for _ in range(200):
        sizes = rolling(limit, new, [old])
        if not sizes and new.available == new.size:
            break
        working = min(old.available, sizes.get("o", old.size))
        new = Member("n", sizes.get("n", new.size), new.size)
        old = Member("o", sizes.get("o", old.size), working)
        assert new.size + old.size <= limit.most
        if before >= replicas:
            assert new.available + old.available >= limit.least
    assert (new.size, old.size) == (replicas, 0)
