"""Certificates and trust bundles in projected volumes, with a signer of the test's own."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proa.kube import EVENTS, Object
from proa.kube.resources import CLUSTER_TRUST_BUNDLES, POD_CERTIFICATE_REQUESTS
from support.containerd import Containerd, running_containerd
from support.kubelet_lab import KubeletLab, container, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]

SIGNER = "example.com/pods"
SHOW = "cat /v/{0} > /dev/null && echo {0}: && cat /v/{0}"


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        yield made


class Signer:
    """An authority that signs what pods ask for."""

    def __init__(self, name: str = "ca") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraint = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self.name, self.key.public_key(), timedelta(days=1))
        self.root = builder.add_extension(constraint, critical=True).sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.root.public_bytes(serialization.Encoding.PEM).decode()

    def _builder(self, name: x509.Name, key: object, life: timedelta) -> x509.CertificateBuilder:
        begin = datetime.now(UTC).replace(microsecond=0)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self.name)
        return (
            made.public_key(key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + life)
        )

    def issue(self, request: Object) -> Object:
        """The status that tells a request's outcome."""
        spec = request["spec"]
        asked = x509.load_der_x509_csr(base64.b64decode(spec["stubPKCS10Request"]))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, spec["podName"])])
        life = timedelta(seconds=spec["maxExpirationSeconds"])
        leaf = self._builder(subject, asked.public_key(), life).sign(self.key, hashes.SHA256())
        begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        return {
            "conditions": [condition("Issued")],
            "certificateChain": leaf.public_bytes(serialization.Encoding.PEM).decode() + self.pem,
            "notBefore": stamp(begin),
            "notAfter": stamp(end),
            "beginRefreshAt": stamp(end - timedelta(minutes=20)),
        }


def condition(kind: str, message: str = "") -> Object:
    at = stamp(datetime.now(UTC))
    return {"type": kind, "status": "True", "reason": "Test", "message": message, "lastTransitionTime": at}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def projected(*sources: Object) -> list[Object]:
    return [{"name": "v", "projected": {"sources": list(sources)}}]


def certificate(**more: object) -> Object:
    fields = {"signerName": SIGNER, "keyType": "ECDSAP256", "credentialBundlePath": "bundle.pem"}
    return {"podCertificate": fields | more}


def shower(*files: str) -> Object:
    script = "; ".join(SHOW.format(file) for file in files)
    return container(f"{script}; echo done; sleep 1000000", volumeMounts=[{"name": "v", "mountPath": "/v"}])


async def shown(lab: KubeletLab, name: str) -> str:
    """What a shower has printed, once it is done."""
    text = ""

    async def done() -> bool:
        nonlocal text
        text = await lab.log(name)
        return text.endswith("done\n")

    await lab.eventually(done, lambda: text)
    return text.removesuffix("done\n")


async def request(lab: KubeletLab) -> Object:
    """The one request, once the kubelet has made it."""
    found: list[Object] = []

    async def made() -> bool:
        found[:] = (await lab.api.list(POD_CERTIFICATE_REQUESTS, "default"))["items"]
        return bool(found)

    await lab.eventually(made, lambda: "no PodCertificateRequest")
    assert len(found) == 1
    return found[0]


async def answer(lab: KubeletLab, asked: Object, status: Object) -> None:
    await lab.api.update(POD_CERTIFICATE_REQUESTS, asked | {"status": status}, subresource="status")


async def test_a_pod_starts_when_its_certificate_is_issued(lab: KubeletLab) -> None:
    signer = Signer()
    source = certificate(
        keyPath="key.pem", certificateChainPath="chain.pem", userAnnotations={"example.com/path": "/x"}
    )
    await lab.create("certified", shower("bundle.pem", "key.pem"), volumes=projected(source))
    asked = await request(lab)
    assert asked["spec"]["podName"] == "certified"
    assert asked["spec"]["unverifiedUserAnnotations"] == {"example.com/path": "/x"}
    assert asked["metadata"]["ownerReferences"][0]["kind"] == "Pod"
    assert (await lab.pod("certified"))["status"]["phase"] == "Pending"
    await answer(lab, asked, signer.issue(asked))
    await lab.wait_running("certified")
    bundle, key = (await shown(lab, "certified")).split("bundle.pem:\n")[1].split("key.pem:\n")
    leaf, root = x509.load_pem_x509_certificates(bundle.encode())
    assert root == signer.root
    held = serialization.load_pem_private_key(key.encode(), None)
    assert held.public_key() == leaf.public_key()
    assert bundle.startswith(key)


async def test_a_refused_certificate_is_told(lab: KubeletLab) -> None:
    await lab.create("refused", shower("bundle.pem"), volumes=projected(certificate()))
    asked = await request(lab)
    await answer(lab, asked, {"conditions": [condition("Denied", "not you")]})
    complaint = 'PodCertificateRequest was permanently denied: reason="Test" message="not you"'

    async def told() -> bool:
        events = (await lab.api.list(EVENTS, "default"))["items"]
        return any(complaint in event["message"] for event in events)

    await lab.eventually(told, lambda: "no event tells of the refusal")


async def test_trust_bundles_by_name_and_by_signer_follow_their_objects(lab: KubeletLab) -> None:
    first, second = Signer("first"), Signer("second")
    bundle = {"metadata": {"name": "plain"}, "spec": {"trustBundle": first.pem}}
    await lab.api.create(CLUSTER_TRUST_BUNDLES, bundle)
    signed = {
        "metadata": {"name": "example.com:pods:a", "labels": {"live": "yes"}},
        "spec": {"signerName": SIGNER, "trustBundle": "said before\n" + second.pem},
    }
    await lab.api.create(CLUSTER_TRUST_BUNDLES, signed)
    by_signer = {
        "signerName": SIGNER,
        "labelSelector": {"matchLabels": {"live": "yes"}},
        "path": "signer.pem",
    }
    sources: list[Object] = [
        {"clusterTrustBundle": {"name": "plain", "path": "name.pem"}},
        {"clusterTrustBundle": by_signer},
        {"clusterTrustBundle": {"name": "absent", "path": "none.pem", "optional": True}},
    ]
    main = shower("name.pem", "signer.pem", "none.pem")
    await lab.create("trusting", main, volumes=projected(*sources))
    await lab.wait_running("trusting")
    assert await shown(lab, "trusting") == f"name.pem:\n{first.pem}signer.pem:\n{second.pem}none.pem:\n"

    found = await lab.api.get(CLUSTER_TRUST_BUNDLES, "plain")
    await lab.api.update(CLUSTER_TRUST_BUNDLES, found | {"spec": {"trustBundle": second.pem}})

    uid = (await lab.pod("trusting"))["metadata"]["uid"]
    file = lab.root / "pods" / uid / "volumes/kubernetes.io~projected/v/name.pem"

    async def changed() -> bool:
        return bool(file.read_text() == second.pem)

    await lab.eventually(changed, lambda: "the file keeps what the bundle was")
