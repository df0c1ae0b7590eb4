"""Connections through Services, from pods, from the node and from outside."""

from collections import Counter
from collections.abc import Iterator

import pytest

from support.service_lab import CLIENT, NODE, Lab, ask, ask_datagram, datagram_socket, dial, eventually, lab
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
