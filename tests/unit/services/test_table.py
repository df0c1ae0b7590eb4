"""The text of transactions; what the kernel makes of them is for the topology tests."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from proa.services.elements import identities
from proa.services.model import Action, Address, Endpoint, Frontend, Frontends, Masquerade
from proa.services.ruleset import hooks, layouts
from proa.services.shape import Shape, rules
from proa.services.slots import keep_places
from proa.services.table import ServiceTable

VIP = Address("10.43.0.50", "tcp", 80)
KEY = "10.43.0.50 . tcp . 80"
PICK = "dnat ip to ip daddr . meta l4proto . th dport . meta priority map @service_endpoints4"
A, B, C = (Endpoint(f"10.42.1.{n}", 8080) for n in (1, 2, 3))


def table(*contents: Frontends) -> ServiceTable:
    made = ServiceTable(("10.42.0.0/16",), ("10.43.0.0/16",))
    for number, frontends in enumerate(contents):
        made.transaction(made.update({f"d/s{number}": frontends}))
    return made


def commands(made: ServiceTable, **services: Frontends) -> list[str]:
    text = made.transaction(made.update({f"d/{name}": frontends for name, frontends in services.items()}))
    return [line.replace("inet proa ", "") for line in text.splitlines()]


def slot(number: int, endpoint: Endpoint) -> str:
    return f"{KEY} . 0:{number} : {endpoint.address} . {endpoint.port}"


def test_a_new_service_brings_its_shape_and_its_elements() -> None:
    assert commands(table(), s0={VIP: Frontend(Action.FORWARD, (A, B))}) == [
        "add table inet proa",
        "add chain service4-n2",
        "flush chain service4-n2",
        *(f"add rule service4-n2 {rule}" for rule in rules(Shape(4, 2), ())),
        "add element service_frontends4 { 10.43.0.50 . tcp . 80 : goto service4-n2 }",
        f"add element service_endpoints4 {{ {slot(0, A)}, {slot(1, B)} }}",
    ]


def test_only_elements_that_differ_move() -> None:
    made = table(
        {VIP: Frontend(Action.FORWARD, (A, B))}, {VIP._replace(port=81): Frontend(Action.FORWARD, (A,))}
    )
    assert commands(made, s0={VIP: Frontend(Action.FORWARD, (A, C))}) == [
        "add table inet proa",
        "delete element service_endpoints4 { 10.43.0.50 . tcp . 80 . 0:1 }",
        "add element service_endpoints4 { 10.43.0.50 . tcp . 80 . 0:1 : 10.42.1.3 . 8080 }",
    ]
    assert commands(made, s0={VIP: Frontend(Action.FORWARD, (A,))}) == [
        "add table inet proa",
        "delete element service_frontends4 { 10.43.0.50 . tcp . 80 }",
        "delete element service_endpoints4 { 10.43.0.50 . tcp . 80 . 0:1 }",
        "add element service_frontends4 { 10.43.0.50 . tcp . 80 : goto service4-n1 }",
    ]
    assert commands(made, s0={VIP: Frontend(Action.FORWARD, (A,))}) == []


def test_an_endpoint_that_goes_moves_one_other() -> None:
    many = tuple(Endpoint(f"10.42.1.{n}", 8080) for n in range(4))
    made = table({VIP: Frontend(Action.FORWARD, many)})
    moved = commands(made, s0={VIP: Frontend(Action.FORWARD, many[1:])})
    assert f"delete element service_endpoints4 {{ {KEY} . 0:0, {KEY} . 0:3 }}" in moved
    assert f"add element service_endpoints4 {{ {slot(0, many[3])} }}" in moved
    assert commands(made, s0={VIP: Frontend(Action.FORWARD, many[1:])}) == []


ENDPOINTS = st.sets(st.integers(1, 30)).map(
    lambda ns: tuple(Endpoint(f"10.42.1.{n}", 80) for n in sorted(ns))
)


@given(ENDPOINTS, ENDPOINTS)
def test_places_are_kept_and_nobody_is_lost(old: tuple[Endpoint, ...], new: tuple[Endpoint, ...]) -> None:
    settled = keep_places(old, new)
    assert sorted(settled) == sorted(new)
    assert all(settled[at] == e for at, e in enumerate(old[: len(new)]) if e in new)


def test_a_shape_without_users_stays_until_the_next_declaration() -> None:
    outside = Frontend(Action.FORWARD, (A, B), outside=(A,), masquerade=Masquerade.NODE)
    made = table({VIP: outside})
    assert not [line for line in commands(made, s0={}) if "chain" in line]
    assert not [line for line in commands(made, s0={VIP: outside}) if "chain" in line]
    commands(made, s0={})
    made.preparation()
    deleted = made.completion(["service4-n2", "service4-n2-o1"]).splitlines()[-2:]
    assert deleted == [f"delete chain inet proa {name}" for name in ("service4-n2-o1", "service4-n2")]


def test_what_is_not_forwarded_needs_no_chain() -> None:
    made = table()
    for action, verdict in (
        (Action.REJECT, "goto service-reject"),
        (Action.DROP, "drop"),
        (Action.LEAVE, "return"),
    ):
        lines = commands(made, s0={VIP: Frontend(action)})
        assert lines[-1] == f"add element service_frontends4 {{ 10.43.0.50 . tcp . 80 : {verdict} }}"


def test_hairpin_elements_are_shared() -> None:
    near = replace(A, local=True)
    made = table(
        {VIP: Frontend(Action.FORWARD, (near,))}, {VIP._replace(port=81): Frontend(Action.FORWARD, (near,))}
    )
    assert not [line for line in commands(made, s0={}) if "hairpin" in line]
    assert "delete element service_hairpin4 { 10.42.1.1 . 10.42.1.1 }" in commands(made, s1={})


def test_the_first_to_claim_an_address_keeps_it_until_it_leaves() -> None:
    made = table({VIP: Frontend(Action.FORWARD, (A,))})
    assert commands(made, s1={VIP: Frontend(Action.FORWARD, (B,))}) == []
    lines = commands(made, s0={})
    assert "add element service_endpoints4 { 10.43.0.50 . tcp . 80 . 0:0 : 10.42.1.2 . 8080 }" in lines


def test_a_whole_state_comes_before_packets_are_sent_to_it() -> None:
    made = table({VIP: Frontend(Action.FORWARD, (replace(A, local=True),))})
    before, after = made.preparation(), made.completion(["service4-n9", "service4-n1", "service-lookup"])
    assert "add chain inet proa service4-n1" in before
    assert "hook" not in before
    assert "flush map" not in before
    assert dict(made.elements()) == {
        ("service_frontends4", KEY): "goto service4-n1",
        ("service_endpoints4", f"{KEY} . 0:0"): "10.42.1.1 . 8080",
        ("service_hairpin4", "10.42.1.1 . 10.42.1.1"): "",
    }
    assert "hook prerouting" in after
    assert [line for line in after.splitlines() if line.startswith("delete")] == [
        "delete chain inet proa service4-n9"
    ]


def test_what_the_kernel_remembers_of_clients_is_not_written() -> None:
    assert not [name for name in layouts() if "affinity" in name]


def test_affinity_goes_by_identity() -> None:
    made = table({VIP: Frontend(Action.FORWARD, (A, B), affinity=60)})
    number = {endpoint: f"{i >> 16:x}:{i & 0xFFFF:x}" for endpoint, i in identities((A, B)).items()}
    lines = commands(made, s0={VIP: Frontend(Action.FORWARD, (B,), affinity=60)})
    assert f"delete element service_endpoints4 {{ {KEY} . {number[A]} }}" in lines
    assert f"add element service_slots4 {{ {KEY} . 0:0 : {number[B]} }}" in lines


@given(st.lists(st.integers(1, 65535), unique=True, min_size=1, max_size=50))
def test_identities_differ_and_are_never_a_plain_priority(ports: list[int]) -> None:
    found = identities(Endpoint("10.42.1.1", port) for port in ports)
    assert len(set(found.values())) == len(ports)
    assert all(1 << 31 <= number < 1 << 32 for number in found.values())


def test_rules_of_a_plain_shape() -> None:
    assert rules(Shape(4, 2), ()) == (
        f"meta priority set numgen random mod 2 offset 0 {PICK}",
        f"meta priority set 0x0 {PICK}",
        "drop",
    )


def test_who_is_not_found_is_looked_for_again_before_a_refusal() -> None:
    (lookup,) = (chain.rules for chain in hooks((), ("10.43.0.0/16",)) if chain.name == "service-lookup")
    assert lookup[:2] == lookup[2:4]
    assert lookup[4:] == ("ip daddr 10.43.0.0/16 goto service-reject",)


def test_rules_of_the_fullest_shape() -> None:
    made = rules(Shape(4, 3, outside=0, affinity=60, restricted=True), ("10.42.0.0/16",))
    assert made == (
        "ip daddr . meta l4proto . th dport . ip saddr != @service_allowed4 drop",
        "ip saddr { 10.42.0.0/16 } goto service4-n3-a60",
        "fib saddr type local goto service4-n3-a60",
        "drop",
    )
