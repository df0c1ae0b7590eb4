"""Requests and results of the CNI contract."""

import json
from ipaddress import ip_address
from typing import Any

import pytest

from proa.errors import MissingProgram
from proa.network import cni, install
from proa.network.cni import CniError, Interface
from proa.network.daemon import respond

MADE = Interface(
    device="proa0123456789a",
    device_mac="02:70:72:6f:61:01",
    ifname="eth0",
    mac="02:00:00:00:00:01",
    netns="/run/netns/x",
    mtu=1450,
    addresses=(ip_address("10.42.1.9"), ip_address("fd00::9")),
    gateways=(ip_address("169.254.1.1"), ip_address("fe80::1")),
)


def message(config: Any = None, **environment: str) -> bytes:
    told = {
        "CNI_COMMAND": "ADD",
        "CNI_CONTAINERID": "c1",
        "CNI_IFNAME": "eth0",
        "CNI_NETNS": "/n",
    } | environment
    body = json.dumps({"cniVersion": "1.0.0", "name": "proa"} if config is None else config)
    return b"".join(f"{name}={value}\0".encode() for name, value in told.items()) + b"\0" + body.encode()


def test_request_is_read_from_environment_and_configuration() -> None:
    request = cni.parse_request(message())
    assert (request.command, request.container, request.ifname, request.netns) == ("ADD", "c1", "eth0", "/n")
    assert request.version == "1.0.0"


@pytest.mark.parametrize(
    ("config", "environment", "code"),
    [
        (None, {"CNI_COMMAND": "REMOVE"}, 4),
        (None, {"CNI_CONTAINERID": ""}, 4),
        (None, {"CNI_CONTAINERID": "a/b"}, 4),
        (None, {"CNI_IFNAME": ".."}, 4),
        (None, {"CNI_IFNAME": "a:b"}, 4),
        (None, {"CNI_NETNS": ""}, 4),
        ([], {}, 6),
        ({"cniVersion": "9.0.0"}, {}, 1),
        ({"cniVersion": "0.3.1"}, {"CNI_COMMAND": "CHECK"}, 1),
        ({"cniVersion": "1.0.0"}, {"CNI_COMMAND": "STATUS"}, 1),
    ],
)
def test_bad_requests(config: Any, environment: dict[str, str], code: int) -> None:
    with pytest.raises(CniError) as refused:
        cni.parse_request(message(config, **environment))
    assert refused.value.code == code


def test_del_needs_no_namespace() -> None:
    assert cni.parse_request(message(CNI_COMMAND="DEL", CNI_NETNS="")).netns == ""


def test_result_of_a_dual_stack_interface() -> None:
    result = cni.result(MADE, "1.0.0")
    assert [ip["address"] for ip in result["ips"]] == ["10.42.1.9/32", "fd00::9/128"]
    assert [route["dst"] for route in result["routes"]] == ["0.0.0.0/0", "::/0"]
    assert {ip["interface"] for ip in result["ips"]} == {1}


def test_result_follows_what_came_before_in_the_chain() -> None:
    before = {"interfaces": [{"name": "dummy"}], "ips": [{"address": "192.0.2.1/24"}], "dns": {"domain": "x"}}
    result = cni.result(MADE, "1.0.0", before)
    assert [it["name"] for it in result["interfaces"]] == ["dummy", "proa0123456789a", "eth0"]
    assert [ip.get("interface") for ip in result["ips"]] == [None, 2, 2]
    assert result["dns"] == {"domain": "x"}


def test_answers_carry_status_and_version() -> None:
    def refuse(request: cni.Request) -> dict[str, Any]:
        raise CniError(11, "not yet")

    answer = respond(message({"cniVersion": "0.4.0"}), refuse)
    assert answer[:1] == b"1"
    assert json.loads(answer[1:]) == {"cniVersion": "0.4.0", "code": 11, "msg": "not yet"}
    assert respond(message(), lambda _: {}) == b"0"


def test_a_fault_of_ours_is_still_an_answer() -> None:
    def fail(request: cni.Request) -> dict[str, Any]:
        raise ValueError("a bug")

    answer = json.loads(respond(message(), fail)[1:])
    assert (answer["code"], answer["msg"]) == (cni.REFUSED, "ValueError: a bug")


def test_conflist_hands_host_ports_to_the_agent(tmp_path: Any) -> None:
    (only,) = install.conflist(tmp_path / "cni.sock")["plugins"]
    assert only["type"] == "proa"
    assert only["capabilities"] == {"portMappings": True}


def test_a_machine_without_perl_is_told(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_INTERPRETER", tmp_path / "perl")
    with pytest.raises(MissingProgram, match="perl-base"):
        install.install_plugin(tmp_path)


def test_plugin_knows_the_versions_of_the_daemon(tmp_path: Any) -> None:
    text = install.install_plugin(tmp_path).read_text()
    assert all(f'"{version}"' in text for version in cni.VERSIONS)
    assert set(cni._SINCE.values()) <= set(cni.VERSIONS)
