from __future__ import annotations

import ipaddress

import hypothesis
import pytest
from hypothesis import strategies as st

from proa.cluster.controllers.pod_cidrs import CidrRangeFullError, PodCidrs


def test_ranges_are_given_in_order_and_a_node_keeps_its_own() -> None:
    cidrs = PodCidrs("10.42.0.0/16", 24)
    assert [cidrs.allocate(name) for name in ("a", "b", "a")] == [
        "10.42.0.0/24",
        "10.42.1.0/24",
        "10.42.0.0/24",
    ]


def test_what_is_occupied_is_not_given_even_with_another_size() -> None:
    cidrs = PodCidrs("10.42.0.0/16", 24)
    cidrs.occupy("old", "10.42.0.0/23")
    assert cidrs.allocate("new") == "10.42.2.0/24"


def test_a_released_range_comes_last() -> None:
    cidrs = PodCidrs("10.42.0.0/22", 24)
    for name in "abcd":
        cidrs.allocate(name)
    cidrs.release("a")
    cidrs.release("d")
    assert cidrs.allocate("e") == "10.42.0.0/24"


def test_a_full_range_is_an_error() -> None:
    cidrs = PodCidrs("10.42.0.0/24", 24)
    cidrs.allocate("a")
    with pytest.raises(CidrRangeFullError, match=r"all 1 ranges of 10.42.0.0/24 are in use"):
        cidrs.allocate("b")


def test_a_mask_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        PodCidrs("10.42.0.0/16", 8)


@hypothesis.given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=60))
def test_no_two_nodes_ever_overlap(steps: list[tuple[str, bool]]) -> None:
    cidrs, held = PodCidrs("fd00::/61", 64), dict[str, str]()
    for node, arrives in steps:
        if arrives:
            held[node] = cidrs.allocate(node)
        else:
            cidrs.release(node)
            held.pop(node, None)
    networks = [ipaddress.ip_network(cidr) for cidr in held.values()]
    assert len(set(networks)) == len(networks)
