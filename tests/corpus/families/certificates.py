"""Requests for pods' certificates, and the volumes that want them."""

from __future__ import annotations

from typing import Any

from corpus.story import MERGE, Step, patch, post, story

REQUESTS = "/apis/certificates.k8s.io/v1/namespaces/<ns>/podcertificaterequests"
PODS = "/api/v1/namespaces/<ns>/pods"
SIGNER = "example.com/pods"
ED25519 = (
    "MH8wMwIBADAAMCowBQYDK2VwAyEAqZcAwoP4rxzlWK5ORF8OFzHWX97whaxpkxN4VNRGI6ugADAFBgMrZXADQQBw642u7RfOVDPu"
    "OHXC414QPhpWKDyd4xfMhmthI2oZ8MExdDArr+M49NZmapa8rngkVErpMh0l8wdL56JTmJMI"
)
P224 = (
    "MIGoMFcCAQAwADBOMBAGByqGSM49AgEGBSuBBAAhAzoABL9RHcfRCWC3R6zdJuQjcKfKQuwU5QGhJ/OeThGmywed/wHwRg5jUbrL"
    "vFR0e6yKVAuzqbIM9PajoAAwCgYIKoZIzj0EAwIDQQAwPgIdAMrpVOGns56/HuOp6CGGXybJKHZEvUDdhv7k3fsCHQCQ/q+p42zR"
    "HK4jVPqUJOGzGm2cz6yaeSgSPdrs"
)
RSA2048 = (
    "MIICRTCCAS0CAQAwADCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAN11gEJ/mP6YG1+djkhqiQy+ERaA8CYb5w5cGWuz"
    "u5VTE5eWBt4ty9R3KP0+4nmdcy3Sr2ZkIacwHaAormnOg2E9fmDHI9KzpWle2GWiKupeTtbcLIMeyLnNWsOdBatA+76m/geob/9G"
    "Sf22IgxYlq7LavNMQXz9lpPRT/C6utortmLTCyOcPGdFS2qzP7abIp+ss7u7LnKM24WOew6+D9DgKdGqHpnjoI4d1dhaRuppmAsS"
    "nyXas8Q0PCUnSWMmskMEBgU3YdtiWeQ4Vaxn1p4vIxzFpdRS3xoMHQW4ZDVnD6MZe98FefaUd7uMoFw2bS0q7KjP0Rl8AV5qcGxb"
    "+osCAwEAAaAAMA0GCSqGSIb3DQEBCwUAA4IBAQA6T7jWU2zef2OkDJBDzn5PeRIaIJtbQ0SfLZgzAQn+O5xxBA2UGn+yOnooIwFa"
    "s0+e8VVuOQdDbUWRA5Fh01TXPkxMofghjeeMUenCqaqJqTTbN8Nn8drpLH+8pX55fTBYWJSbblJnK4RtD/COLv8w8DyrD3UakPmQ"
    "9C/Qt9JLs1EX4HydTIFCCWbnq/fidiOs4MxO6AIUmyrF21f9Z3Ff2mrCdlCtk6z7cONltQVK89bAm6mZpfVCV15ohCtCUuu1HXtZ"
    "f6nHZuKokiJ1kAFk9/CPdNnwQa5W4aO4epVdX+Ox6zUNLLHXABf84y2PpCy4NZl3YgCzV25tJyQZzkn4"
)

SPEC: dict[str, Any] = {
    "signerName": SIGNER,
    "podName": "p",
    "podUID": "u1",
    "serviceAccountName": "default",
    "serviceAccountUID": "u2",
    "nodeName": "n",
    "nodeUID": "u3",
    "stubPKCS10Request": ED25519,
}
BAD_SPECS: dict[str, dict[str, Any]] = {
    "no signer": {"signerName": ""},
    "a signer without path": {"signerName": "example.com"},
    "a signer with two slashes": {"signerName": "example.com/a/b"},
    "a signer of one label": {"signerName": "example/a"},
    "a signer in capitals": {"signerName": "Example.com/a"},
    "a signer with a bad path": {"signerName": "example.com/A"},
    "no pod": {"podName": ""},
    "no uid of the pod": {"podUID": ""},
    "a long uid": {"nodeUID": "u" * 129},
    "a bad node": {"nodeName": "-"},
    "too short": {"maxExpirationSeconds": 3599},
    "too long": {"maxExpirationSeconds": 7862401},
    "too long for Kubernetes": {"signerName": "kubernetes.io/x", "maxExpirationSeconds": 86401},
    "no request": {"stubPKCS10Request": ""},
    "what is no request": {"stubPKCS10Request": "QUJD"},
    "another curve": {"stubPKCS10Request": P224},
    "a short key": {"stubPKCS10Request": RSA2048},
    "an annotation without domain": {"unverifiedUserAnnotations": {"a": "b"}},
    "an annotation with a bad key": {"unverifiedUserAnnotations": {"example.com/-": "b"}},
}
STATUSES: dict[str, Any] = {
    "another condition": {"conditions": [{"type": "Approved", "status": "True"}]},
    "a condition that is false": {"conditions": [{"type": "Denied", "status": "False"}]},
    "a chain without condition": {"certificateChain": "x"},
    "issued without a chain": {"conditions": [{"type": "Issued", "status": "True"}]},
    "denied with a chain": {"conditions": [{"type": "Denied", "status": "True"}], "certificateChain": "x"},
}
CERTIFICATE = {"signerName": SIGNER, "keyType": "ED25519", "credentialBundlePath": "a"}
PROJECTIONS: dict[str, dict[str, Any]] = {
    "all of it": {
        "podCertificate": CERTIFICATE
        | {"keyPath": "b", "certificateChainPath": "c", "maxExpirationSeconds": 3600}
        | {"userAnnotations": {"example.com/a": "b"}}
    },
    "an unknown key type": {"podCertificate": CERTIFICATE | {"keyType": "RSA"}},
    "no path": {"podCertificate": {"signerName": SIGNER, "keyType": "ED25519"}},
    "a path upward": {"podCertificate": CERTIFICATE | {"keyPath": "../a"}},
    "a reserved path": {"podCertificate": CERTIFICATE | {"keyPath": "..a"}},
    "an absolute path": {"podCertificate": CERTIFICATE | {"keyPath": "/a"}},
    "too short": {"podCertificate": CERTIFICATE | {"maxExpirationSeconds": 1}},
    "too long": {"podCertificate": CERTIFICATE | {"maxExpirationSeconds": 7862401}},
    "no signer": {"podCertificate": {"keyType": "ED25519", "keyPath": "a"}},
    "a bundle by name": {"clusterTrustBundle": {"name": "a", "path": "p"}},
    "a bundle of a signer by name": {"clusterTrustBundle": {"name": "example.com:a:b", "path": "p"}},
    "a bad name": {"clusterTrustBundle": {"name": "A", "path": "p"}},
    "a bundle by signer": {"clusterTrustBundle": {"signerName": SIGNER, "path": "p", "labelSelector": {}}},
    "by both": {"clusterTrustBundle": {"name": "a", "signerName": SIGNER, "path": "p"}},
    "by neither": {"clusterTrustBundle": {"path": "p"}},
    "by name and labels": {"clusterTrustBundle": {"name": "a", "labelSelector": {}, "path": "p"}},
    "without a path": {"clusterTrustBundle": {"name": "a"}},
}


def pod(name: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": name.replace(" ", "-")},
        "spec": {
            "containers": [{"name": "c", "image": "i"}],
            "volumes": [{"name": "v", "projected": {"sources": [source]}}],
        },
    }


def requests() -> list[Step]:
    def body(**more: Any) -> dict[str, Any]:
        return {"metadata": {"name": "r"}, "spec": SPEC | more}

    made = [post(name, REQUESTS, body(**more)) for name, more in BAD_SPECS.items()]
    return [*made, post("a good one", REQUESTS, {"metadata": {"name": "r"}, "spec": SPEC})]


def statuses() -> list[Step]:
    made = [
        patch(name, f"{REQUESTS}/r/status", {"status": status}, MERGE) for name, status in STATUSES.items()
    ]
    moment = {"reason": "No", "message": "no", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    denied = {"status": {"conditions": [{"type": "Denied", "status": "True"} | moment]}}
    return [
        post("a request", REQUESTS, {"metadata": {"name": "r"}, "spec": SPEC}),
        *made,
        patch("another spec", f"{REQUESTS}/r", {"spec": {"podName": "q"}}, MERGE),
        patch("denied", f"{REQUESTS}/r/status", denied, MERGE),
        patch("denied otherwise", f"{REQUESTS}/r/status", {"status": {"conditions": []}}, MERGE),
    ]


STORIES = [
    story("requests", *requests()),
    story("outcomes", *statuses()),
    story("volumes", *(post(name, PODS, pod(name, source)) for name, source in PROJECTIONS.items())),
]
