"""What a ClusterTrustBundle may be called and hold."""

from pathlib import Path

import pytest

from proa.cluster.apiserver.certificates.trust_bundles import trust_bundle
from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf
from proa.kube import Object


def bundle(name: str, signer: str, text: str) -> Object:
    return {"metadata": {"name": name}, "spec": {"signerName": signer, "trustBundle": text}}


def block(content: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n"


def problems(obj: Object, old: Object | None = None) -> list[str]:
    return [str(error) for error in trust_bundle(obj, old)]


@pytest.fixture(scope="module")
def anchor(tmp_path_factory: pytest.TempPathFactory) -> str:
    return Authority.open(tmp_path_factory.mktemp("ca")).files.certificate.read_text()


@pytest.mark.parametrize(
    ("name", "signer", "expected"),
    [
        ("plain", "", ""),
        ("a:b", "", 'ClusterTrustBundle without signer name must not have ":" in its name'),
        ("kubernetes.io:serving:3a22", "kubernetes.io/serving", ""),
        (
            "serving",
            "kubernetes.io/serving",
            "must be named with prefix kubernetes.io:serving:",
        ),
        ("kubernetes.io:serving:A", "kubernetes.io/serving", "a lowercase RFC 1123 subdomain"),
    ],
)
def test_its_name_begins_with_its_signers(anchor: str, name: str, signer: str, expected: str) -> None:
    told = problems(bundle(name, signer, anchor))
    assert len(told) == bool(expected)
    assert expected in "".join(told)


def test_it_holds_authorities_each_once(anchor: str, tmp_path: Path) -> None:
    authority = Authority.open(tmp_path)
    leaf = KeyPair.at(tmp_path, "leaf")
    authority.issue(Leaf("leaf"), leaf)
    cases = {
        "": "at least one trust anchor must be provided",
        anchor + anchor: "duplicate trust anchor (indices [0 1])",
        leaf.certificate.read_text(): "entry 0 does not have the CA bit set",
        anchor + leaf.key.read_text(): "entry 1 has bad block type: PRIVATE KEY",
        block("AAAA"): "entry 0 does not parse as X.509",
        block("A: b\n\nAAAA"): "entry 0 has PEM block headers",
    }
    for text, expected in cases.items():
        (told,) = problems(bundle("plain", "", text))
        assert told.startswith("spec.trustBundle")
        assert told.endswith(expected)


def test_what_was_accepted_is_not_read_again() -> None:
    old = bundle("plain", "", "as somebody stored it")
    assert problems(old, old) == []
