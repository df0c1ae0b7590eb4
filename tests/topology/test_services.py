"""Connections through Services, from pods, from the node and from outside."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from proa.kernel import conntrack, netns
from support.service_lab import (
    CLIENT,
    NODE,
    Lab,
    ask,
    ask_datagram,
    datagram_socket,
    dial,
    eventually,
    lab,
    reaches,
)
from support.service_objects import endpoint, endpoint_slice, service

pytestmark = [pytest.mark.root, pytest.mark.topology]

VIP = "10.43.0.50"
BOTH = [endpoint("10.42.1.1"), endpoint("10.42.2.1", "peer")]


@pytest.fixture
def hosts() -> Iterator[Lab]:
    with lab() as made:
        made.serve(made.pod(1), "near", "10.42.1.1")
        made.serve(made.pod(1, on="peer"), "far", "10.42.2.1")
        yield made


def test_cluster_ip_balances_and_keeps_the_source_of_pods(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.put("services", service())
    hosts.put("endpointslices", endpoint_slice(BOTH))
    hosts.start()
    answers = Counter(ask(pod, VIP, 80) for _ in range(40))
    assert set(answers) == {("near", "10.42.1.2"), ("far", "10.42.1.2")}
    assert min(answers.values()) > 5


def test_the_node_reaches_a_cluster_ip_and_outsiders_are_masqueraded(hosts: Lab) -> None:
    hosts.put("services", service())
    hosts.put("endpointslices", endpoint_slice(BOTH[1:]))
    hosts.start()
    assert ask(hosts.node, VIP, 80) == ("far", NODE)
    assert ask(hosts.client, VIP, 80) == ("far", NODE)


def test_a_pod_reaches_itself(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.serve(pod, "self", "10.42.1.2")
    hosts.put("services", service())
    hosts.put("endpointslices", endpoint_slice([endpoint("10.42.1.2")]))
    hosts.start()
    name, source = ask(pod, VIP, 80)
    assert (name, source == "10.42.1.2") == ("self", False)


def test_node_port_answers_on_the_primary_address_only(hosts: Lab) -> None:
    hosts.put("services", service(type="NodePort", ports=[{"name": "http", "port": 80, "nodePort": 30080}]))
    hosts.put("endpointslices", endpoint_slice(BOTH))
    hosts.start()
    answers = {ask(hosts.client, NODE, 30080) for _ in range(20)}
    assert {name for name, _ in answers} == {"near", "far"}
    assert all(source != CLIENT for _, source in answers)
    assert ask(hosts.node, NODE, 30080)[0] in {"near", "far"}
    with pytest.raises(ConnectionRefusedError):
        ask(hosts.node, "127.0.0.1", 30080)


def test_local_keeps_the_source_and_the_node(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.put(
        "services",
        service(
            type="LoadBalancer",
            externalTrafficPolicy="Local",
            ingress=[{"ip": "10.99.0.1"}],
            ports=[{"name": "http", "port": 80, "nodePort": 30080}],
        ),
    )
    hosts.put("endpointslices", endpoint_slice(BOTH))
    hosts.start()
    assert {ask(hosts.client, "10.99.0.1", 80) for _ in range(10)} == {("near", CLIENT)}
    assert {ask(hosts.client, NODE, 30080) for _ in range(10)} == {("near", CLIENT)}
    assert {ask(pod, "10.99.0.1", 80)[0] for _ in range(20)} == {"near", "far"}
    assert {ask(hosts.node, "10.99.0.1", 80)[0] for _ in range(20)} == {"near", "far"}
    hosts.put("endpointslices", endpoint_slice(BOTH[1:]))
    eventually(lambda: not reaches(hosts.client, "10.99.0.1", 80), "the end of the local endpoint")
    assert {ask(pod, "10.99.0.1", 80)[0] for _ in range(10)} == {"far"}


def test_source_ranges_guard_the_load_balancer_alone(hosts: Lab) -> None:
    made = service(
        type="LoadBalancer",
        externalIPs=["10.99.0.2"],
        ingress=[{"ip": "10.99.0.1"}],
        loadBalancerSourceRanges=["192.0.2.0/24", f"{NODE}/32"],
    )
    hosts.put("services", made)
    hosts.put("endpointslices", endpoint_slice(BOTH))
    hosts.start()
    assert ask(hosts.node, "10.99.0.1", 80)[0] in {"near", "far"}
    assert ask(hosts.client, "10.99.0.2", 80)[0] in {"near", "far"}
    with pytest.raises(TimeoutError):
        ask(hosts.client, "10.99.0.1", 80, timeout=0.3)


def test_affinity_outlives_other_endpoints_and_ends_with_its_own(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.serve(hosts.pod(3), "third", "10.42.1.3")
    three = [*BOTH, endpoint("10.42.1.3")]
    hosts.put("services", service(sessionAffinity="ClientIP"))
    hosts.put("endpointslices", endpoint_slice(three))
    hosts.start()
    chosen = ask(pod, VIP, 80)[0]
    assert {ask(pod, VIP, 80)[0] for _ in range(15)} == {chosen}
    addresses = {"near": "10.42.1.1", "far": "10.42.2.1", "third": "10.42.1.3"}
    mine = [e for e in three if e["addresses"] == [addresses[chosen]]]
    others = [e for e in three if e not in mine]
    hosts.put("endpointslices", endpoint_slice(mine + others[1:]))
    hosts.put("endpointslices", endpoint_slice(mine + others[:1]))
    hosts.kill()
    hosts.start()
    assert {ask(pod, VIP, 80)[0] for _ in range(15)} == {chosen}
    hosts.put("endpointslices", endpoint_slice(others))
    eventually(lambda: ask(pod, VIP, 80)[0] != chosen, "the end of the chosen endpoint")
    assert len({ask(pod, VIP, 80)[0] for _ in range(15)}) == 1


def test_affinity_ends_after_its_time(hosts: Lab) -> None:
    pod = hosts.pod(2)
    for_a_second = {"clientIP": {"timeoutSeconds": 1}}
    hosts.put("services", service(sessionAffinity="ClientIP", sessionAffinityConfig=for_a_second))
    hosts.put("endpointslices", endpoint_slice(BOTH))
    hosts.start()
    chosen = ask(pod, VIP, 80)[0]

    def another_is_chosen() -> bool:
        time.sleep(1.2)  # a client that is silent is forgotten; each question would remind of it
        return ask(pod, VIP, 80)[0] != chosen

    eventually(another_is_chosen, "another endpoint", within=30)


def test_two_services_share_an_external_address(hosts: Lab) -> None:
    shared = ["10.99.0.3"]
    hosts.put("services", service(externalIPs=shared))
    ports = [{"name": "http", "port": 81}]
    hosts.put("services", service("other", ip="10.43.0.51", ports=ports, externalIPs=shared))
    hosts.put("endpointslices", endpoint_slice(BOTH[:1]))
    hosts.put("endpointslices", endpoint_slice(BOTH[1:], service_name="other"))
    hosts.start()
    assert {ask(hosts.client, "10.99.0.3", 80)[0] for _ in range(5)} == {"near"}
    assert {ask(hosts.client, "10.99.0.3", 81)[0] for _ in range(5)} == {"far"}


def test_nobody_there_is_said_at_once(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.put("services", service())
    hosts.put("services", service("node", ip="10.43.0.51", ports=[{"port": 80, "nodePort": 30081}]))
    hosts.start()
    for path, address, port in (
        (pod, VIP, 80),
        (hosts.node, VIP, 80),
        (hosts.client, NODE, 30081),
        (pod, "10.43.0.99", 80),
        (pod, VIP, 81),
        (hosts.node, "10.43.0.99", 443),
    ):
        with pytest.raises(ConnectionRefusedError):
            ask(path, address, port)
    with datagram_socket(pod) as asker, pytest.raises(ConnectionRefusedError):
        ask_datagram(asker, VIP, 53)


WAYS_IN = {
    "cluster": (VIP, 53),
    "node": (NODE, 30053),
    "external": ("10.99.0.2", 53),
    "balancer": ("10.99.0.1", 53),
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_udp_leaves_an_endpoint_that_ended(hosts: Lab, way: str) -> None:
    address, port = WAYS_IN[way]
    ports = [{"name": "dns", "protocol": "UDP", "port": 53, "nodePort": 30053}]
    behind = [{"name": "dns", "protocol": "UDP", "port": 8080}]
    hosts.put(
        "services",
        service(type="LoadBalancer", ports=ports, externalIPs=["10.99.0.2"], ingress=[{"ip": "10.99.0.1"}]),
    )
    hosts.put("endpointslices", endpoint_slice(BOTH[:1], ports=behind))
    hosts.start()
    client = hosts.pod(2) if way == "cluster" else hosts.client
    with datagram_socket(client, timeout=0.5) as asker:
        assert ask_datagram(asker, address, port)[0] == "near"
        hosts.put("endpointslices", endpoint_slice(BOTH[1:], ports=behind))
        eventually(lambda: ask_datagram(asker, address, port)[0] == "far", "the flow cut")
        hosts.drop("services", "d/web")
        eventually(lambda: not answers(asker, address, port), "the end of the Service")


def answers(asker: socket.socket, address: str, port: int) -> bool:
    try:
        ask_datagram(asker, address, port)
    except OSError:
        return False
    return True


def test_a_restart_cuts_what_went_stale_meanwhile(hosts: Lab) -> None:
    pod = hosts.pod(2)
    ports = [{"name": "dns", "protocol": "UDP", "port": 53}]
    behind = [{"name": "dns", "protocol": "UDP", "port": 8080}]
    for number in (50, 51):
        hosts.put("services", service(f"s{number}", ip=f"10.43.0.{number}", ports=ports))
        hosts.put("endpointslices", endpoint_slice(BOTH[:1], ports=behind, service_name=f"s{number}"))
    hosts.start()
    with datagram_socket(pod, timeout=0.5) as moves, datagram_socket(pod) as stays:
        assert ask_datagram(moves, VIP, 53)[0] == ask_datagram(stays, "10.43.0.51", 53)[0] == "near"
        hosts.kill()
        hosts.put("endpointslices", endpoint_slice(BOTH[1:], ports=behind, service_name="s50"))
        hosts.start()
        eventually(lambda: ask_datagram(moves, VIP, 53)[0] == "far", "the flow cut")
        assert ask_datagram(stays, "10.43.0.51", 53)[0] == "near"


def test_only_flows_of_the_changed_port_are_cut(hosts: Lab) -> None:
    pod = hosts.pod(2)
    names = {53: "dns", 54: "log"}
    hosts.put(
        "services", service(ports=[{"name": n, "protocol": "UDP", "port": p} for p, n in names.items()])
    )
    behind = [{"name": name, "protocol": "UDP", "port": 8080} for name in names.values()]
    hosts.put("endpointslices", endpoint_slice(BOTH[:1], ports=behind))
    hosts.start()
    with datagram_socket(pod) as one, datagram_socket(pod) as other:
        for asker, port in ((one, 53), (other, 54)):
            assert ask_datagram(asker, VIP, port)[0] == "near"

        def tracked(port: int) -> list[str]:
            with netns.entered(hosts.node), conntrack.connect() as netlink:
                flows = conntrack.flows_to(netlink, conntrack.UDP, ip_address(VIP), port)
                return [str(flow.reply.source) for flow in flows]

        assert (tracked(53), tracked(54), tracked(55)) == (["10.42.1.1"], ["10.42.1.1"], [])
        hosts.put("endpointslices", endpoint_slice(BOTH[:1], ports=behind[1:]))
        eventually(lambda: tracked(53) == [], "the flow of the port that is gone")
        assert tracked(54) == ["10.42.1.1"]


def test_an_ended_endpoint_keeps_its_connections_and_gets_no_new_one(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.put("services", service())
    hosts.put("endpointslices", endpoint_slice(BOTH[:1]))
    hosts.start()
    with dial(pod, VIP, 80) as connection:
        assert connection.recv(100).startswith(b"near")
        hosts.put("endpointslices", endpoint_slice(BOTH[1:]))
        eventually(lambda: ask(pod, VIP, 80)[0] == "far", "the end of the endpoint", within=0.1)
        connection.sendall(b"still")
        assert connection.recv(100) == b"still"


def test_ipv6(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.serve(hosts.pod(3), "near6", "fd42:1::3")
    ports = [{"name": "http", "port": 80, "nodePort": 30080}]
    hosts.put(
        "services", service(ips=[VIP, "fd43::50"], type="NodePort", sessionAffinity="ClientIP", ports=ports)
    )
    hosts.put("endpointslices", endpoint_slice([endpoint("fd42:1::3")], kind="IPv6"))
    hosts.put("endpointslices", endpoint_slice(BOTH))
    hosts.start()
    assert ask(pod, "fd43::50", 80) == ("near6", "fd42:1::2")
    assert ask(hosts.client, "fd78::11", 30080)[0] == "near6"
    assert ask(pod, VIP, 80)[0] in {"near", "far"}
    with pytest.raises(ConnectionRefusedError):
        ask(pod, "fd43::51", 80)
