from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf, server_names, signing_key, write_kubeconfig
from proa.errors import UserError

SERVER = Leaf("kube-apiserver", names=("localhost", "127.0.0.1", "::1"))
ADMIN = Leaf("system:admin", ("system:masters",))


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """A whole TLS handshake in memory; the server's end of it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = server.wrap_bio(to_server, to_client, server_side=True)
    far = client.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for end in (far, near):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return near


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_server_and_client_certificates_make_a_mutual_handshake(tmp_path: Path, name: str) -> None:
    authority = Authority.open(tmp_path)
    server, admin = KeyPair.at(tmp_path, "server"), KeyPair.at(tmp_path, "admin")
    authority.issue(SERVER, server)
    authority.issue(ADMIN, admin)
    near = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.files.certificate))
    near.verify_mode = ssl.CERT_REQUIRED
    near.load_cert_chain(server.certificate, server.key)
    far = ssl.create_default_context(cafile=str(authority.files.certificate))
    far.load_cert_chain(admin.certificate, admin.key)

    peer = handshake(near, far, name).getpeercert()

    assert peer is not None
    assert peer["subject"] == ((("organizationName", "system:masters"),), (("commonName", "system:admin"),))


def test_issuing_again_changes_nothing(tmp_path: Path) -> None:
    files = KeyPair.at(tmp_path, "server")
    assert Authority.open(tmp_path).issue(SERVER, files)
    before = files.certificate.read_bytes(), (tmp_path / "ca.crt").read_bytes()
    assert not Authority.open(tmp_path).issue(SERVER, files)
    assert (files.certificate.read_bytes(), (tmp_path / "ca.crt").read_bytes()) == before


def test_reasons_to_issue(tmp_path: Path) -> None:
    authority, files = Authority.open(tmp_path), KeyPair.at(tmp_path, "server")
    assert authority.reason_to_issue(SERVER, files) == "missing or damaged"
    authority.issue(SERVER, files)
    assert authority.reason_to_issue(SERVER, files) == ""
    more = Leaf("kube-apiserver", names=(*SERVER.names, "10.43.0.1"))
    assert authority.reason_to_issue(more, files) == "other names"
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=300)
    assert authority.reason_to_issue(SERVER, files, later) == "near its end"
    other = Authority.open(tmp_path / "other")
    assert other.reason_to_issue(SERVER, files) == "other authority"
    authority.issue(ADMIN, KeyPair.at(tmp_path, "admin"))
    (tmp_path / "admin.key").replace(files.key)
    assert authority.reason_to_issue(SERVER, files) == "key of another certificate"
    files.certificate.write_text("rubbish")
    assert authority.reason_to_issue(SERVER, files) == "missing or damaged"


def test_keys_are_private(tmp_path: Path) -> None:
    Authority.open(tmp_path).issue(ADMIN, KeyPair.at(tmp_path, "admin"))
    signing_key(tmp_path / "service-account.key")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")}
    assert modes == {"ca.key": 0o600, "admin.key": 0o600, "service-account.key": 0o600}


def test_the_signing_key_is_kept(tmp_path: Path) -> None:
    key = tmp_path / "service-account.key"
    signing_key(key)
    before = key.read_bytes()
    signing_key(key)
    assert key.read_bytes() == before


def test_half_an_authority_is_refused_and_left_alone(tmp_path: Path) -> None:
    Authority.open(tmp_path)
    (tmp_path / "ca.key").unlink()
    with pytest.raises(UserError, match="is missing while its pair"):
        Authority.open(tmp_path)
    assert (tmp_path / "ca.crt").exists()


def test_server_names_hold_the_service_and_no_doubles() -> None:
    names = server_names("cluster.local", ["10.43.0.1"], ["10.44.0.1", "localhost", "api.example.org"])
    assert names == (
        "localhost", "127.0.0.1", "::1", "10.43.0.1",
        "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
        "10.44.0.1", "api.example.org",
    )  # fmt: skip


def test_kubeconfig_is_whole_and_private(tmp_path: Path) -> None:
    authority, admin, path = Authority.open(tmp_path), KeyPair.at(tmp_path, "admin"), tmp_path / "kubeconfig"
    authority.issue(ADMIN, admin)
    write_kubeconfig(path, "https://127.0.0.1:6443", authority.files.certificate, admin, "admin")
    config = yaml.safe_load(path.read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert config["contexts"][0]["context"] == {"cluster": "default", "user": config["users"][0]["name"]}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_client_certificate_does_not_serve(tmp_path: Path) -> None:
    authority, files = Authority.open(tmp_path), KeyPair.at(tmp_path, "admin")
    authority.issue(ADMIN, files)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [purpose.dotted_string for purpose in usage] == ["1.3.6.1.5.5.7.3.2"]
