"""The pure parts: authorization, tokens, deletion, routes, negotiation, names, page tokens."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver import codec, deletion, names
from proa.cluster.apiserver.authorizer import Action, allows
from proa.cluster.apiserver.http.negotiation import Form, Representation, representation_of
from proa.cluster.apiserver.http.router import Router
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.lists import decode_token, encode_token
from proa.cluster.apiserver.options import DeleteOptions
from proa.cluster.apiserver.rbac import is_subject
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.tokens import BadToken, Grant, TokenSigner, check_times
from proa.cluster.pki import signing_key
from proa.errors import BadRequest, Invalid, NotAcceptable, UserError

PODS = next(kind for kind in KINDS if kind.resource.plural == "pods")


@pytest.mark.parametrize(
    ("rule", "action", "allowed"),
    [
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, Action("get", "", "pods"), True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, Action("list", "", "pods"), False),
        ({"verbs": ["*"], "apiGroups": [""], "resources": ["pods"]}, Action("get", "apps", "pods"), False),
        ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, Action("x", "y", "z", "sub"), True),
        (
            {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]},
            Action("get", "", "pods", "log"),
            False,
        ),
        (
            {"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"]},
            Action("get", "", "pods", "log"),
            True,
        ),
        (
            {"verbs": ["get"], "apiGroups": [""], "resources": ["*/scale"]},
            Action("get", "", "x", "scale"),
            True,
        ),
        (
            {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]},
            Action("get", "", "pods", name="b"),
            False,
        ),
        ({"verbs": ["get"], "nonResourceURLs": ["/api/*"]}, Action("get", path="/api/v1"), True),
        ({"verbs": ["get"], "nonResourceURLs": ["/api"]}, Action("get", path="/apis"), False),
        ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, Action("get", path="/api"), False),
        ({"verbs": ["get"]}, Action("get", "", "pods"), False),
    ],
)
def test_rules(rule: dict[str, Any], action: Action, allowed: bool) -> None:
    assert allows([rule], action) is allowed


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({"kind": "User", "name": "system:serviceaccount:ns:sa"}, True),
        ({"kind": "Group", "name": "g"}, True),
        ({"kind": "ServiceAccount", "name": "sa", "namespace": "ns"}, True),
        ({"kind": "ServiceAccount", "name": "sa"}, True),
        ({"kind": "ServiceAccount", "name": "sa", "namespace": "other"}, False),
        ({"kind": "User", "name": "g"}, False),
    ],
)
def test_subjects(subject: dict[str, Any], expected: bool) -> None:
    assert is_subject(subject, User("system:serviceaccount:ns:sa", ("g",)), "ns") is expected


@pytest.fixture
def signer(tmp_path: Path) -> TokenSigner:
    signing_key(tmp_path / "key")
    return TokenSigner((tmp_path / "key").read_bytes(), "https://here")


GRANT = Grant("ns", "sa", "uid", ["https://here"], 600, {"pod": {"name": "p", "uid": "u"}})


def test_a_token_holds_what_was_granted(signer: TokenSigner) -> None:
    token, expiry = signer.sign(GRANT)
    claims = signer.claims(token)

    check_times(claims, time.time())
    assert claims["sub"] == "system:serviceaccount:ns:sa"
    assert claims["kubernetes.io"]["pod"] == {"name": "p", "uid": "u"}
    assert (claims["exp"], claims["aud"]) == (expiry, ["https://here"])


def test_times_of_a_token(signer: TokenSigner) -> None:
    token, expiry = signer.sign(GRANT)

    with pytest.raises(BadToken, match="expired"):
        check_times(signer.claims(token), expiry)
    with pytest.raises(BadToken, match="not valid yet"):
        check_times(signer.claims(token), expiry - 700)


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda token: token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"), id="signature"),
        pytest.param(lambda token: token.replace(".", ".e", 1), id="payload"),
        pytest.param(_unsigned, id="alg none"),
        pytest.param(lambda _: "", id="empty"),
        pytest.param(lambda _: "a.b.c", id="rubbish"),
        pytest.param(lambda _: "é.ü.ß", id="not ASCII"),
    ],
)
def test_forged_tokens_are_refused(signer: TokenSigner, forge: Any) -> None:
    with pytest.raises(BadToken):
        signer.claims(forge(signer.sign(GRANT)[0]))


def test_tokens_of_another_key_or_issuer_are_refused(signer: TokenSigner, tmp_path: Path) -> None:
    signing_key(tmp_path / "other")
    other = TokenSigner((tmp_path / "other").read_bytes(), "https://here")
    elsewhere = TokenSigner((tmp_path / "key").read_bytes(), "https://elsewhere")

    for stranger in (other, elsewhere):
        with pytest.raises(BadToken):
            signer.claims(stranger.sign(GRANT)[0])


@pytest.mark.parametrize("pem", [b"", b"rubbish"])
def test_a_bad_key_is_a_user_error(pem: bytes) -> None:
    with pytest.raises(UserError, match="service-account key"):
        TokenSigner(pem, "https://here")


def pod(**metadata: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "p", **metadata}, "spec": {"nodeName": "n"}}


@pytest.mark.parametrize(
    ("obj", "options", "grace"),
    [
        (pod(), DeleteOptions(), 30),
        (pod(), DeleteOptions(grace_period_seconds=7), 7),
        (pod(), DeleteOptions(grace_period_seconds=0), None),
        (pod() | {"spec": {}}, DeleteOptions(), None),
        (pod() | {"status": {"phase": "Failed"}}, DeleteOptions(), None),
        (pod(finalizers=["x"]), DeleteOptions(grace_period_seconds=0), 0),
        (pod(), DeleteOptions(grace_period_seconds=0, propagation="Foreground"), 0),
    ],
)
def test_how_long_a_deleted_pod_stays(obj: dict[str, Any], options: DeleteOptions, grace: int | None) -> None:
    left = deletion.marked(obj, Target(PODS, "ns", "p"), options)

    assert (left and left["metadata"]["deletionGracePeriodSeconds"]) == grace


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ({"gracePeriodSeconds": "3"}, None, DeleteOptions(grace_period_seconds=3)),
        ({"gracePeriodSeconds": "3"}, {"gracePeriodSeconds": 0}, DeleteOptions(grace_period_seconds=0)),
        ({}, {"gracePeriodSeconds": -1}, DeleteOptions(grace_period_seconds=1)),
        ({}, {"orphanDependents": True}, DeleteOptions(propagation="Orphan")),
        ({"propagationPolicy": "Background"}, {}, DeleteOptions(propagation="Background")),
        ({}, {"preconditions": {"uid": "u"}, "dryRun": ["All"]}, DeleteOptions(uid="u", dry_run=True)),
    ],
)
def test_delete_options(query: dict[str, str], body: Any, expected: DeleteOptions) -> None:
    assert DeleteOptions.parse(query, body) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"gracePeriodSeconds": "soon"},
        {"propagationPolicy": "Sideways"},
        {"propagationPolicy": "Orphan", "orphanDependents": True},
        {"dryRun": ["Some"]},
    ],
)
def test_bad_delete_options(body: dict[str, Any]) -> None:
    with pytest.raises((BadRequest, Invalid)):
        DeleteOptions.parse({}, body)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/pods", ("pods", "", "", "")),
        ("/api/v1/namespaces/a/pods/b/log", ("pods", "a", "b", "log")),
        ("/api/v1/namespaces", ("namespaces", "", "", "")),
        ("/api/v1/namespaces/a/", ("namespaces", "", "a", "")),
        ("/api/v1/namespaces/a/finalize", ("namespaces", "", "a", "finalize")),
        ("/apis/apps/v1/namespaces/a/deployments/d/scale", ("deployments", "a", "d", "scale")),
        (
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
            ("clusterroles", "", "system:node", ""),
        ),
        ("/api/v1/pods/b", None),
        ("/api/v1/nodes/n/rubbish", None),
        ("/api/v1/namespaces/a/nodes", None),
        ("/api/v1", None),
        ("/apis/apps/v1", None),
        ("/api/v2/pods", None),
        ("/api/v1/namespaces/a/pods/b/log/more", None),
        ("/", None),
    ],
)
def test_routes(path: str, expected: tuple[str, str, str, str] | None) -> None:
    route = Router(KINDS).find(path)
    target = route and route.target

    assert (
        target and (target.resource.plural, target.namespace, target.name, target.subresource)
    ) == expected


@pytest.mark.parametrize(
    ("accept", "form", "version"),
    [
        ("", Form.OBJECT, "v1"),
        ("*/*", Form.OBJECT, "v1"),
        ("application/json", Form.OBJECT, "v1"),
        ("application/vnd.kubernetes.protobuf, application/json", Form.OBJECT, "v1"),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Form.TABLE, "v1"),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json", Form.TABLE, "v1beta1"),
        ("application/json;as=Table;v=v9;g=meta.k8s.io, application/json", Form.OBJECT, "v1"),
        ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", Form.PARTIAL_LIST, "v1"),
    ],
)
def test_forms(accept: str, form: Form, version: str) -> None:
    assert representation_of(accept) == Representation(form, version)


def test_what_has_no_tables_is_given_as_it_is() -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    assert representation_of(accept, tables=False).form is Form.OBJECT


@pytest.mark.parametrize("accept", ["text/html", "application/json;as=Table;v=v9;g=meta.k8s.io"])
def test_forms_that_there_are_not(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        representation_of(accept)


@given(st.integers(1, 1 << 60), st.text(min_size=1))
def test_page_tokens_come_back(revision: int, start: str) -> None:
    assert decode_token(encode_token(revision, start)) == (revision, f"{start}\0")


@given(st.text(alphabet="abAB01-._/ ", max_size=70))
def test_a_name_is_a_subdomain_or_the_problem_is_told(name: str) -> None:
    legal = len(name) > 0 and all(
        part
        and part.isascii()
        and part.replace("-", "0").isalnum()
        and part == part.lower()
        and "-" not in (part[0], part[-1])
        for part in name.split(".")
    )

    assert (names.name_problems("pods", name) == []) is legal


@given(st.text(min_size=1, max_size=80, alphabet="abc-"))
def test_generated_names_keep_within_a_label(base: str) -> None:
    name = names.generate(base)

    assert len(name) <= 63
    assert name.startswith(base[:58])


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), st.booleans())
def test_stored_bytes_are_the_object_with_the_revision(rest: dict[str, Any], empty: bool) -> None:
    obj = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n", "resourceVersion": "3"}}
    obj |= {} if empty else {"data": rest}

    head, tail = codec.encode(obj)

    assert codec.decode_bytes(head + b"17" + tail) == obj | {
        "metadata": {"name": "n", "resourceVersion": "17"}
    }
