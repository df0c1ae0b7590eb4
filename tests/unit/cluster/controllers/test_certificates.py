"""Certificates on request, tokens of secrets, bootstrap tokens: from what is asked to what is there."""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proa.cluster.apiserver import ApiServer
from proa.cluster.apiserver.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, GROUP
from proa.cluster.apiserver.tokens import TokenSigner
from proa.cluster.controllers import account_tokens, bootstrap_tokens, certificate_signing
from proa.cluster.controllers.certificate_signing import REQUESTS
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.pki import Authority
from proa.errors import NotFound
from proa.kube import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, Client
from support.server import api_server, eventually, running, session

CLIENT, KUBELET = "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet"
KEY = ec.generate_private_key(ec.SECP256R1())


def csr(name: str, group: str) -> str:
    parts = ((NameOID.ORGANIZATION_NAME, group), (NameOID.COMMON_NAME, name))
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(KEY, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def request(name: str, signer: str, body: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"request": body, "signerName": signer, "usages": ["client auth"], **spec},
    }


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with api_server(tmp_path) as server:
        signer = TokenSigner((tmp_path / "service.key").read_bytes(), server._config.issuer)
        config = ControllersConfig(
            authority=Authority.open(tmp_path), lasting_token=signer.sign_lasting, root_ca="ca"
        )
        parts = (certificate_signing.setup, account_tokens.setup, bootstrap_tokens.setup)
        async with running(server.client(), *(lambda m, part=part: part(m, config) for part in parts)):
            yield server


async def certificate_of(client: Client, name: str) -> x509.Certificate:
    async def signed() -> str:
        return str(((await client.get(REQUESTS, name)).get("status") or {}).get("certificate") or "")

    return x509.load_pem_x509_certificate(base64.b64decode(await eventually(signed, f"{name} signed")))


async def test_what_is_approved_is_signed_and_lets_its_user_in(server: ApiServer, tmp_path: Path) -> None:
    client = server.client()
    made = await client.create(REQUESTS, request("r", CLIENT, csr("jane", "dev"), expirationSeconds=7200))
    decision = {"type": "Approved", "status": "True", "reason": "r", "message": "m"}
    made["status"] = {"conditions": [decision]}
    await client.update(REQUESTS, made, subresource="approval")
    certificate = await certificate_of(client, "r")

    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert 7200 <= lifetime.total_seconds() <= 7200 + 600
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    key = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "jane.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "jane.key").write_bytes(key)
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    context.load_cert_chain(tmp_path / "jane.crt", tmp_path / "jane.key")
    url = f"https://127.0.0.1:{server.port}/apis/authentication.k8s.io/v1/selfsubjectreviews"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as jane:
        answer = await (await jane.post(url, json={})).json()
    assert answer["status"]["userInfo"]["groups"] == ["dev", "system:authenticated"]


async def test_a_node_s_own_renewal_is_approved_by_itself(server: ApiServer) -> None:
    node = server.client("system:node:n1", ("system:nodes",))
    await node.create(REQUESTS, request("own", KUBELET, csr("system:node:n1", "system:nodes")))
    certificate = await certificate_of(server.client(), "own")
    assert certificate.subject.rfc4514_string() == "CN=system:node:n1,O=system:nodes"


async def test_nobody_approves_himself_a_node(server: ApiServer) -> None:
    client = server.client("eve", ())
    role = {"verbs": ["create", "get"], "apiGroups": [REQUESTS.group], "resources": [REQUESTS.plural]}
    await bind(server.client(), role, "eve")
    await client.create(REQUESTS, request("eve", KUBELET, csr("system:node:n1", "system:nodes")))
    node = server.client("system:node:n2", ("system:nodes",))
    await node.create(REQUESTS, request("own", KUBELET, csr("system:node:n2", "system:nodes")))
    await certificate_of(server.client(), "own")

    assert not (await client.get(REQUESTS, "eve")).get("status")


async def bind(client: Client, rule: dict[str, Any], user: str) -> None:
    await client.create(CLUSTER_ROLES, {"metadata": {"name": user}, "rules": [rule]})
    subject = {"kind": "User", "apiGroup": GROUP, "name": user}
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": user}
    binding = {"metadata": {"name": user}, "roleRef": reference, "subjects": [subject]}
    await client.create(CLUSTER_ROLE_BINDINGS, binding)


async def test_a_secret_gets_the_token_of_its_account(server: ApiServer, tmp_path: Path) -> None:
    client = server.client()
    await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "sa"}}, "default")
    notes = {"kubernetes.io/service-account.name": "sa"}
    secret = {"metadata": {"name": "t", "annotations": notes}, "type": account_tokens.TYPE}
    await client.create(SECRETS, secret, "default")

    async def token() -> str:
        data = (await client.get(SECRETS, "t", "default")).get("data") or {}
        return base64.b64decode(data.get("token", "")).decode()

    found = await eventually(token, "a token")
    url, bearer = "/apis/authentication.k8s.io/v1/selfsubjectreviews", {"Authorization": f"Bearer {found}"}
    async with session(server, tmp_path) as http:
        known = await http.post(url, json={}, headers=bearer)
        await client.delete(SERVICE_ACCOUNTS, "sa", "default")

        async def gone() -> bool:
            try:
                await client.get(SECRETS, "t", "default")
            except NotFound:
                return True
            return False

        await eventually(gone, "the secret gone with its account")
        refused = await http.post(url, json={}, headers=bearer)
    assert (known.status, refused.status) == (201, 401)


async def test_bootstrap_tokens_sign_and_go_when_their_time_is_over(server: ApiServer) -> None:
    client = server.client()
    info = {"metadata": {"name": "cluster-info"}, "data": {"kubeconfig": "k"}}
    await client.create(CONFIG_MAPS, info, "kube-public")
    data = {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true"}
    over = {"expiration": "2020-01-01T00:00:00Z", "token-id": "aaaaaa"}
    for name, more in (("abcdef", {}), ("aaaaaa", over)):
        secret = {"metadata": {"name": f"bootstrap-token-{name}"}, "type": "bootstrap.kubernetes.io/token"}
        await client.create(SECRETS, {**secret, "stringData": {**data, **more}}, "kube-system")

    async def settled() -> bool:
        found = (await client.get(CONFIG_MAPS, "cluster-info", "kube-public"))["data"]
        left = [s["metadata"]["name"] for s in (await client.list(SECRETS, "kube-system"))["items"]]
        return sorted(found) == ["jws-kubeconfig-abcdef", "kubeconfig"] and left == ["bootstrap-token-abcdef"]

    await eventually(settled, "signed by the token that holds")
