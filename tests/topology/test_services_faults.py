"""The service proxy dies, is restarted, finds its rules gone: what connections notice of it."""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from proa.kernel import netns
from proa.services import cleanup
from support.service_lab import NODE, Lab, ask, dial, eventually, lab, reaches, run
from support.service_objects import endpoint, endpoint_slice, service

pytestmark = [pytest.mark.root, pytest.mark.topology]

VIP = "10.43.0.50"
BOTH = [endpoint("10.42.1.1"), endpoint("10.42.2.1", "peer")]


@pytest.fixture
def hosts() -> Iterator[Lab]:
    with lab() as made:
        made.serve(made.pod(1), "near", "10.42.1.1")
        made.serve(made.pod(1, on="peer"), "far", "10.42.2.1")
        made.put("services", service())
        made.put("endpointslices", endpoint_slice(BOTH))
        made.start()
        yield made


class Traffic:
    """One new connection after the other, in a thread."""

    def __init__(self, path: Path, address: str, port: int) -> None:
        self.done = 0
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(path, address, port))
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self, path: Path, address: str, port: int) -> None:
        while not self._stop.is_set():
            try:
                ask(path, address, port)
            except OSError as fault:
                self.failures.append(str(fault))
            self.done += 1


def test_death_and_restart_are_not_noticed(hosts: Lab) -> None:
    pod = hosts.pod(2)
    with dial(pod, VIP, 80) as established:
        assert established.recv(100)
        traffic = Traffic(pod, VIP, 80)
        try:
            for _ in range(2):
                hosts.kill()
                hosts.put("endpointslices", endpoint_slice(BOTH[:1]))
                hosts.start()
                hosts.put("endpointslices", endpoint_slice(BOTH))
            seen = traffic.done
            eventually(lambda: traffic.done > seen + 20, "traffic after the last restart")
        finally:
            traffic.stop()
        assert traffic.failures == []
        established.sendall(b"still")
        assert established.recv(100) == b"still"


@pytest.mark.parametrize("affinity", ["None", "ClientIP"])
def test_a_packet_between_two_states_goes_to_somebody_or_is_lost(hosts: Lab, affinity: str) -> None:
    """It knows of two endpoints when one has gone, as each packet may that a change overtakes."""
    pod = hosts.pod(2)
    hosts.put("services", service(sessionAffinity=affinity))
    of = "slots" if affinity == "ClientIP" else "endpoints"
    eventually(lambda: remove_slot(hosts, of, 1), "the second slot")
    for _ in range(20):
        assert ask(pod, VIP, 80)[0] in {"near", "far"}
        run(hosts.node, "nft flush map inet proa service_affinity4")
    assert remove_slot(hosts, of, 0)
    with pytest.raises(TimeoutError):
        ask(pod, VIP, 80, timeout=0.3)


def remove_slot(hosts: Lab, of: str, number: int) -> bool:
    """Takes a slot of the Service out of the kernel behind the proxy's back; False when it is not there."""
    element = f"nft delete element inet proa service_{of}4 {{ {VIP} . tcp . 80 . 0:{number} }}"
    try:
        run(hosts.node, element)
    except subprocess.CalledProcessError:
        return False
    return True


def test_rules_that_somebody_removed_come_back(hosts: Lab) -> None:
    pod = hosts.pod(2)
    run(hosts.node, "nft flush ruleset")
    eventually(lambda: reaches(pod, VIP, 80), "rules after a flush of all")
    run(hosts.node, "nft flush chain inet proa service-lookup")
    eventually(lambda: reaches(pod, VIP, 80), "rules after a flush of one chain")


def test_rules_of_another_form_are_replaced(hosts: Lab) -> None:
    pod = hosts.pod(2)
    hosts.kill()
    run(
        hosts.node,
        "nft delete table inet proa",
        "nft add table inet proa",
        "nft add map inet proa service_frontends4 { type ipv4_addr : verdict; }",
    )
    hosts.start()
    assert reaches(pod, VIP, 80)


def test_what_lay_about_from_before_is_gone_after_a_restart(hosts: Lab) -> None:
    hosts.kill()
    run(
        hosts.node,
        "nft add chain inet proa service4-n77",
        "nft add element inet proa service_frontends4 { 10.43.0.77 . tcp . 80 : goto service4-n77 }",
        "nft add chain inet proa other",
    )
    hosts.start()
    left = run(hosts.node, "nft list table inet proa")
    assert "service4-n77" not in left
    assert "chain other" in left


def test_cleanup_leaves_nothing_of_ours_and_all_of_others(hosts: Lab) -> None:
    hosts.kill()
    run(hosts.node, "nft add chain inet proa other")
    with netns.entered(hosts.node):
        cleanup()
    assert "service" not in run(hosts.node, "nft list ruleset")
    run(hosts.node, "nft delete chain inet proa other")
    with netns.entered(hosts.node):
        cleanup()
    assert run(hosts.node, "nft list ruleset") == ""


def test_services_of_another_proxy_are_left_alone(hosts: Lab) -> None:
    pod = hosts.pod(2)
    run(hosts.client, f"ip addr add {VIP}/32 dev lo")
    hosts.serve(hosts.client, "other", VIP, 80)
    hosts.put("services", service(labels={"service.kubernetes.io/service-proxy-name": "other"}))
    eventually(lambda: ask(pod, VIP, 80) == ("other", "10.42.1.2"), "the change of hands")


def test_health_check_of_a_local_load_balancer(hosts: Lab) -> None:
    made = service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=30999)
    hosts.put("services", made)

    def answer() -> tuple[str, object]:
        with dial(hosts.client, NODE, 30999) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            with connection.makefile() as lines:
                head, _, body = lines.read().partition("\n\n")
        return head.split()[1], json.loads(body)["localEndpoints"]

    eventually(lambda: reaches_port(hosts, 30999), "the health check's port")
    eventually(lambda: answer() == ("200", 1), "one local endpoint")
    hosts.put("endpointslices", endpoint_slice(BOTH[1:]))
    eventually(lambda: answer() == ("503", 0), "no local endpoint")
    hosts.drop("services", "d/web")
    eventually(lambda: not reaches_port(hosts, 30999), "the end of the health check")


def reaches_port(hosts: Lab, port: int) -> bool:
    try:
        dial(hosts.client, NODE, port).close()
    except OSError:
        return False
    return True
