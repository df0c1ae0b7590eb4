from __future__ import annotations

from pathlib import Path

import pytest

from proa.errors import UserError
from proa.settings import Settings, from_text, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("https-listen-port: 7443\nnode-label: [a=1, b=2]\ndebug: true\n")
    return path


def test_a_file_gives_values(file: Path) -> None:
    settings = load({}, {}, file)
    assert (settings.https_listen_port, settings.node_label, settings.debug) == (7443, ("a=1", "b=2"), True)


def test_a_variable_beats_the_file_and_a_flag_beats_both(file: Path) -> None:
    environment = {"PROA_HTTPS_LISTEN_PORT": "8443", "PROA_NODE_LABEL": "c=3,d=4"}
    assert load({}, environment, file).https_listen_port == 8443
    assert load({}, environment, file).node_label == ("c=3", "d=4")
    assert load({"https_listen_port": "9443"}, environment, file).https_listen_port == 9443


def test_defaults(tmp_path: Path) -> None:
    empty = tmp_path / "config.yaml"
    empty.write_text("")
    assert load({}, {}, empty) == Settings()


def test_text_and_back() -> None:
    settings = load(
        {
            "write_kubeconfig_mode": "644",
            "tls_san": ["example.org"],
            "default_local_storage_path": "/srv",
            "debug": True,
        }
    )
    assert settings.write_kubeconfig_mode == 0o644
    assert from_text(settings.as_text()) == settings


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            {"flannel_backend": "foo"},
            "--flannel-backend: 'foo' is not allowed: give one of vxlan, host-gw, none",
        ),
        ({"disable": ["coredns", "x"]}, "--disable: 'x' is not allowed: give one of coredns"),
        ({"https_listen_port": "0"}, "--https-listen-port: '0' is not allowed: give a port"),
        (
            {"cluster_cidr": "10.42.0.1/16"},
            "--cluster-cidr: '10.42.0.1/16' is not allowed: give a network without",
        ),
        ({"node_ip": "10.0.0"}, "--node-ip: '10.0.0' is not allowed: give an address"),
        ({"node_name": "My_Node"}, "--node-name: 'My_Node' is not allowed"),
        ({"node_label": ["disk"]}, "--node-label: 'disk' is not allowed: give KEY=VALUE"),
        ({"node_taint": ["a=b:Never"]}, "--node-taint: 'a=b:Never' is not allowed: give KEY=VALUE:EFFECT"),
        ({"write_kubeconfig_mode": "rw"}, "--write-kubeconfig-mode: 'rw' is not allowed: give octal digits"),
        ({"data_dir": "here"}, "--data-dir: 'here' is not allowed: give an absolute path"),
        ({"tls_san": ["a b"]}, "--tls-san: 'a b' is not allowed: give a DNS name or an address"),
    ],
)
def test_a_wrong_value_names_its_flag_and_what_is_allowed(flags: dict[str, object], words: str) -> None:
    with pytest.raises(UserError) as caught:
        load(flags, {})
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("cluster-cdir: 10.0.0.0/8", "config.yaml: unknown key 'cluster-cdir', did you mean 'cluster-cidr'?"),
        ("debug: maybe", "config.yaml: debug: 'maybe' is not allowed: give true or false"),
        ("- a", "config.yaml: must be a mapping"),
        ("a: [", "config.yaml: not YAML"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(UserError) as caught:
        load({}, {}, path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load({}, {}, tmp_path / "missing.yaml")


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(UserError, match="^PROA_CLUSTER_DNS: 'x' is not allowed"):
        load({}, {"PROA_CLUSTER_DNS": "x"})
