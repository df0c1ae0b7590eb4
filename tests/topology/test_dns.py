"""Cluster DNS as a pod meets it: at the address of kube-dns, by the proxy's rules."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnslib import QTYPE, RR, A, DNSRecord

from proa.cluster.dns.kube_dns import endpoint_slice as kube_dns_slice
from proa.cluster.dns.kube_dns import service as kube_dns
from proa.kernel import netns
from support.objects import node
from support.service_lab import CLIENT, NODE, Lab, datagram_socket, dial, lab
from support.service_objects import service

pytestmark = [pytest.mark.root, pytest.mark.topology]

DNS = "10.43.0.10"


class Upstream:
    """A resolver outside of the cluster that knows one address for everything."""

    def __init__(self, path: Path) -> None:
        with netns.entered(path):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((CLIENT, 53))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # "not connected", but it wakes the reader
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if not data:
                return
            query = DNSRecord.parse(data)
            reply = query.reply()
            reply.add_answer(RR(query.q.qname, QTYPE.A, rdata=A("192.0.2.7"), ttl=60))
            self._socket.sendto(reply.pack(), peer)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Lab]:
    file = tmp_path / "resolv.conf"
    file.write_text(f"nameserver {DNS}\nnameserver {CLIENT}\n")
    with lab() as made:
        ready = node("node")
        ready["status"]["addresses"] = [{"type": "InternalIP", "address": NODE}]
        made.put("services", kube_dns([DNS]))
        made.put("endpointslices", kube_dns_slice([ready]))
        made.put("services", service())
        made.start()
        made.start_dns(file)
        yield made


@pytest.fixture
def upstream(hosts: Lab) -> Iterator[None]:
    made = Upstream(hosts.client)
    yield
    made.close()


def ask(path: Path, name: str, server: str = DNS, port: int = 53) -> list[str]:
    with datagram_socket(path, timeout=1.0) as asker:
        asker.connect((server, port))
        asker.send(bytes(DNSRecord.question(name).pack()))
        return [str(record.rdata) for record in DNSRecord.parse(asker.recv(4096)).rr]


def test_a_pod_and_the_node_find_services(hosts: Lab) -> None:
    assert ask(hosts.pod(1), "web.d.svc.cluster.local") == ["10.43.0.50"]
    assert ask(hosts.node, "web.d.svc.cluster.local") == ["10.43.0.50"]
    assert ask(hosts.pod(2), "kube-dns.kube-system.svc.cluster.local") == [DNS]


def test_other_names_come_from_the_hosts_resolver(hosts: Lab, upstream: None) -> None:
    pod = hosts.pod(1)
    assert ask(pod, "example.org") == ["192.0.2.7"]
    assert ask(pod, "web.d.svc.cluster.local.example.org") == ["192.0.2.7"]


def test_tcp_and_metrics_answer_at_the_service_too(hosts: Lab) -> None:
    pod = hosts.pod(1)
    query = bytes(DNSRecord.question("web.d.svc.cluster.local").pack())
    with dial(pod, DNS, 53) as connection:
        connection.sendall(len(query).to_bytes(2, "big") + query)
        answer = connection.recv(4096)
    assert str(DNSRecord.parse(answer[2:]).rr[0].rdata) == "10.43.0.50"
    with dial(pod, DNS, 9153) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        with connection.makefile() as lines:
            text = lines.read()
    assert 'proa_dns_responses_total{rcode="NOERROR"} 1.0' in text
    assert "proa_dns_ready 1.0" in text


def test_strangers_get_no_answer(hosts: Lab) -> None:
    with pytest.raises(TimeoutError):
        ask(hosts.client, "web.d.svc.cluster.local", NODE, 10053)
