from proa.services.model import Action, Address, Endpoint, Frontend, HealthCheck, Masquerade, Node
from proa.services.translate import frontends, health_check
from support.service_objects import endpoint, kept_slice, service

NODE = Node("node", ("192.0.2.1", "2001:db8::1"))
SLICE = kept_slice([endpoint("10.42.1.1"), endpoint("10.42.2.1", "peer")])
NEAR, FAR = Endpoint("10.42.1.1", 8080, local=True), Endpoint("10.42.2.1", 8080)
VIP = Address("10.43.0.50", "tcp", 80)


def test_cluster_ip() -> None:
    assert frontends(service(), [SLICE], NODE) == {VIP: Frontend(Action.FORWARD, (NEAR, FAR))}


def test_every_way_in() -> None:
    made = service(
        type="LoadBalancer",
        externalIPs=["198.51.100.7", "2001:db8::7"],
        ingress=[
            {"ip": "198.51.100.8"},
            {"ip": "198.51.100.9", "ipMode": "Proxy"},
            {"hostname": "lb.example"},
        ],
        loadBalancerSourceRanges=["203.0.113.0/25", " 203.0.113.128/25 ", "2001:db8::/32"],
        ports=[{"name": "http", "port": 80, "nodePort": 30080}],
    )
    outside = Frontend(Action.FORWARD, (NEAR, FAR), masquerade=Masquerade.EVERYONE)
    assert frontends(made, [SLICE], NODE) == {
        VIP: Frontend(Action.FORWARD, (NEAR, FAR)),
        Address("198.51.100.7", "tcp", 80): outside,
        Address("198.51.100.8", "tcp", 80): outside._replace(allowed=("203.0.113.0/24",)),
        Address("192.0.2.1", "tcp", 30080): outside,
    }


def test_external_local_keeps_outsiders_on_the_node() -> None:
    made = service(
        type="NodePort",
        externalTrafficPolicy="Local",
        ports=[{"name": "http", "port": 80, "nodePort": 30080}],
    )
    assert frontends(made, [SLICE], NODE)[Address("192.0.2.1", "tcp", 30080)] == Frontend(
        Action.FORWARD, (NEAR, FAR), outside=(NEAR,), masquerade=Masquerade.NODE
    )
    assert frontends(made, [SLICE], NODE)[VIP] == Frontend(Action.FORWARD, (NEAR, FAR))


def test_internal_local_drops_what_has_no_endpoint_here() -> None:
    made = service(internalTrafficPolicy="Local")
    assert frontends(made, [SLICE], NODE)[VIP] == Frontend(Action.FORWARD, (NEAR,))
    assert frontends(made, [SLICE], Node("third", ()))[VIP] == Frontend(Action.DROP)


def test_no_endpoint_at_all_is_rejected_everywhere() -> None:
    made = service(internalTrafficPolicy="Local", externalTrafficPolicy="Local", externalIPs=["198.51.100.7"])
    assert set(frontends(made, [], NODE).values()) == {Frontend(Action.REJECT)}


def test_affinity_has_a_default_time() -> None:
    assert frontends(service(sessionAffinity="ClientIP"), [SLICE], NODE)[VIP].affinity == 10800
    configured = service(
        sessionAffinity="ClientIP", sessionAffinityConfig={"clientIP": {"timeoutSeconds": 60}}
    )
    assert frontends(configured, [SLICE], NODE)[VIP].affinity == 60


def test_dual_stack_and_protocols() -> None:
    made = service(
        ips=["10.43.0.50", "fd43::50"],
        ports=[
            {"name": "dns", "port": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
            {"name": "assoc", "port": 9, "protocol": "SCTP"},
        ],
    )
    ports = [{"name": "dns", "port": 5353}, {"name": "dns-tcp", "port": 5354}, {"name": "assoc", "port": 9}]
    parts = [
        kept_slice([endpoint("10.42.1.1")], ports=ports),
        kept_slice([endpoint("fd42::1")], kind="IPv6", ports=ports),
    ]
    found = {
        address: (it.endpoints[0].address, it.endpoints[0].port)
        for address, it in frontends(made, parts, NODE).items()
    }
    assert found == {
        Address("10.43.0.50", "udp", 53): ("10.42.1.1", 5353),
        Address("10.43.0.50", "tcp", 53): ("10.42.1.1", 5354),
        Address("10.43.0.50", "sctp", 9): ("10.42.1.1", 9),
        Address("fd43::50", "udp", 53): ("fd42::1", 5353),
        Address("fd43::50", "tcp", 53): ("fd42::1", 5354),
        Address("fd43::50", "sctp", 9): ("fd42::1", 9),
    }


def test_what_no_proxy_serves() -> None:
    for made in (
        service(ip="None"),
        service(type="ExternalName", ip=""),
        service(labels={"service.kubernetes.io/headless": ""}),
    ):
        assert frontends(made, [SLICE], NODE) == {}
    hidden = kept_slice([endpoint("10.42.1.1")], labels={"service.kubernetes.io/headless": ""})
    assert frontends(service(), [hidden], NODE)[VIP] == Frontend(Action.REJECT)


def test_what_another_proxy_serves_is_left_alone() -> None:
    made = service(labels={"service.kubernetes.io/service-proxy-name": "other"}, externalIPs=["198.51.100.7"])
    assert frontends(made, [SLICE], NODE) == {VIP: Frontend(Action.LEAVE)}


def test_health_check_counts_pods_of_this_node() -> None:
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    made = service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=31000, ports=ports)
    part = kept_slice(
        [endpoint("10.42.1.1"), endpoint("10.42.2.1", "peer")],
        ports=[{"name": "http", "port": 80}, {"name": "https", "port": 443}],
    )
    assert health_check(made, [part], NODE) == HealthCheck(31000, 1)
    assert health_check(made, [part], Node("third", ())) == HealthCheck(31000, 0)
    leaving = kept_slice([endpoint("10.42.1.1", ready=False, terminating=True)], ports=ports)
    assert health_check(made, [leaving], NODE) == HealthCheck(31000, 0)
    made["spec"]["externalTrafficPolicy"] = "Cluster"
    assert health_check(made, [part], NODE) is None
