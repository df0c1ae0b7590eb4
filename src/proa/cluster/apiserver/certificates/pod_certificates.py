"""What is wrong with a PodCertificateRequest (source: kubernetes pkg/apis/certificates/validation). Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from proa.cluster.apiserver.certificates.signer_names import of_kubernetes, signer_name
from proa.cluster.apiserver.names import SUBDOMAIN, key_problems
from proa.cluster.apiserver.schema.field_error import (
    OMITTED,
    FieldError,
    invalid_value,
    required,
    too_long,
    unsupported,
)
from proa.cluster.apiserver.validation.common import elements, immutable
from proa.kube.meta import parse_time
from proa.kube.resources import Object

DEFAULT_SECONDS, SHORTEST_SECONDS = 86_400, 3_600
LONGEST_SECONDS, LONGEST_OF_KUBERNETES = 91 * 86_400, 86_400
_LONGEST_REQUEST, _LONGEST_CHAIN, _LONGEST_UID = 10 << 10, 100 << 10, 128
_STUB, _CHAIN = "spec.stubPKCS10Request", "status.certificateChain"
_OUTCOMES = ("Issued", "Denied", "Failed")
_CLOCKS_DIFFER, _EDGE = timedelta(minutes=5), timedelta(minutes=10)
_CURVES = {"secp224r1": "P-224", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_GOOD_CURVES = ("P-256", "P-384", "P-521")


def complete(obj: Object) -> None:
    """The default lifetime."""
    obj.get("spec", {}).setdefault("maxExpirationSeconds", DEFAULT_SECONDS)


def request(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """PodCertificateRequest: what is asked never changes, and the outcome is final."""
    if old is None:
        yield from _spec(obj.get("spec") or {})
        return
    yield from immutable(obj, old, "spec")
    before, after = old.get("status") or {}, obj.get("status") or {}
    if before != after:
        yield from _status(obj["spec"], before, after)


def lifetime_limit(signer: str) -> int:
    """The greatest `maxExpirationSeconds`."""
    return LONGEST_OF_KUBERNETES if of_kubernetes(signer) else LONGEST_SECONDS


def _spec(spec: Object) -> Iterator[FieldError]:
    signer = spec.get("signerName") or ""
    yield from signer_name("spec.signerName", signer)
    yield from user_annotations("spec.unverifiedUserAnnotations", spec.get("unverifiedUserAnnotations"))
    for subject in ("pod", "serviceAccount", "node"):
        name, uid = spec.get(f"{subject}Name") or "", spec.get(f"{subject}UID") or ""
        yield from (invalid_value(f"spec.{subject}Name", name, p) for p in SUBDOMAIN.problems(name))
        if not uid:
            yield invalid_value(f"spec.{subject}UID", uid, "must not be empty")
        if len(uid) > _LONGEST_UID:
            yield too_long(f"spec.{subject}UID", _LONGEST_UID)
    longest, seconds = lifetime_limit(signer), spec.get("maxExpirationSeconds") or 0
    if not SHORTEST_SECONDS <= seconds <= longest:
        detail = f"must be in the range [{SHORTEST_SECONDS}, {longest}]"
        yield invalid_value("spec.maxExpirationSeconds", seconds, detail)
    yield from _stub(spec.get("stubPKCS10Request") or "")


def user_annotations(field: str, given: Object | None) -> Iterator[FieldError]:
    """What a pod tells a signer: keys have a domain."""
    for key in given or {}:
        if "/" not in key:
            yield invalid_value(field, key, 'must be a domain-prefixed key (such as "acme.io/foo")')
        else:
            yield from (invalid_value(field, key.lower(), p) for p in key_problems(key.lower()))


def _stub(encoded: str) -> Iterator[FieldError]:
    if not encoded:
        detail = "exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set"
        yield invalid_value("spec", OMITTED, detail)
        return
    try:
        content = base64.b64decode(encoded)
        asked = x509.load_der_x509_csr(content) if len(content) <= _LONGEST_REQUEST else None
    except (binascii.Error, ValueError):
        yield invalid_value(_STUB, OMITTED, "must be a valid PKCS#10 CSR")
        return
    if asked is None:
        yield too_long(_STUB, _LONGEST_REQUEST)
    elif (problem := _key_problem(asked)) is not None:
        yield problem
    elif not asked.is_signature_valid:
        yield invalid_value(_STUB, OMITTED, "invalid signature")


def _key_problem(asked: x509.CertificateSigningRequest) -> FieldError | None:
    match _public_key(asked):
        case ed25519.Ed25519PublicKey():
            return None
        case ec.EllipticCurvePublicKey() as key if (curve := _curve(key)) not in _GOOD_CURVES:
            detail = "elliptic public keys must use curve P256, P384, or P521"
            return invalid_value(_STUB, f"curve {curve}", detail)
        case rsa.RSAPublicKey() as key if key.key_size not in (3072, 4096):
            detail = "RSA keys must have modulus size 3072 or 4096"
            return invalid_value(_STUB, f"{key.key_size}-bit modulus", detail)
        case ec.EllipticCurvePublicKey() | rsa.RSAPublicKey():
            return None
    detail = "unknown public key type; supported types are Ed25519, ECDSA, and RSA"
    return invalid_value(_STUB, OMITTED, detail)


def _curve(key: ec.EllipticCurvePublicKey) -> str:
    return _CURVES.get(key.curve.name, key.curve.name)


def _public_key(
    of: x509.CertificateSigningRequest | x509.Certificate,
) -> CertificatePublicKeyTypes | None:
    try:
        return of.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None


def _status(spec: Object, before: Object, after: Object) -> Iterator[FieldError]:
    problems = list(_conditions(after.get("conditions") or []))
    if problems:
        yield from problems
        return
    outcome = _outcome(after)
    if _outcome(before):
        yield _fixed("immutable after PodCertificateRequest is issued, denied, or failed")
    elif outcome == "Issued":
        problem = _issued(spec, after)
        if problem is not None:
            yield problem
    elif not outcome:
        detail = 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"'
        yield _fixed(detail)
    elif set(after) != {"conditions"}:
        detail = "non-condition status fields must be empty when denying or failing the PodCertificateRequest"
        yield _fixed(detail)


def _fixed(why: str) -> FieldError:
    return invalid_value("status", OMITTED, why)


def _outcome(status: Object) -> str:
    found = (condition["type"] for condition in status.get("conditions") or ())
    return next((kind for kind in found if kind in _OUTCOMES), "")


def _conditions(conditions: list[Object]) -> Iterator[FieldError]:
    for index, condition in enumerate(conditions):
        at = f"status.conditions.[{index}]"
        if condition.get("type") not in _OUTCOMES:
            yield unsupported(f"{at}.type", condition.get("type"), _OUTCOMES)
        elif index:
            detail = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
            yield invalid_value(f"{at}.type", condition["type"], detail)
        if condition.get("status") != "True":
            yield unsupported(f"{at}.status", condition.get("status"), ("True",))
    for at, condition in elements({"conditions": conditions}, "status", "conditions"):
        for name in ("lastTransitionTime", "reason"):
            if not condition.get(name):
                yield required(f"{at}.{name}")


def _issued(spec: Object, status: Object) -> FieldError | None:
    chain = status.get("certificateChain") or ""
    if len(chain) > _LONGEST_CHAIN:
        return too_long(_CHAIN, _LONGEST_CHAIN)
    try:
        leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    except ValueError:
        return invalid_value(_CHAIN, chain, "issued certificate chain must contain at least one certificate")
    asked = x509.load_der_x509_csr(base64.b64decode(spec["stubPKCS10Request"]))
    if _public_key(leaf) != _public_key(asked):
        return invalid_value(_CHAIN, chain, "leaf certificate was not issued to the requested public key")
    return _missing_time(status) or _lifetime(spec, leaf) or _times(status, leaf)


def _missing_time(status: Object) -> FieldError | None:
    consistent = "must be present and consistent with the issued certificate"
    within = "must be present and in the range [notbefore+10min, notafter-10min]"
    needed = {"notBefore": consistent, "notAfter": consistent, "beginRefreshAt": within}
    missing = (name for name in needed if not status.get(name))
    name = next(missing, None)
    return required(f"status.{name}", needed[name]) if name else None


def _lifetime(spec: Object, leaf: x509.Certificate) -> FieldError | None:
    lifetime = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    limit = spec["maxExpirationSeconds"]
    if lifetime < timedelta(seconds=SHORTEST_SECONDS):
        return invalid_value(_CHAIN, str(lifetime), "leaf certificate lifetime must be >= 1 hour")
    if lifetime > timedelta(seconds=limit):
        detail = f"leaf certificate lifetime must be <= spec.maxExpirationSeconds ({limit})"
        return invalid_value(_CHAIN, str(lifetime), detail)
    return None


def _times(status: Object, leaf: x509.Certificate) -> FieldError | None:
    begin, end = parse_time(status["notBefore"]), parse_time(status["notAfter"])
    refresh = parse_time(status["beginRefreshAt"])
    rules = {
        ("notBefore", "must be set to the NotBefore time encoded in the leaf certificate"): (
            begin == leaf.not_valid_before_utc
        ),
        ("notBefore", "must be set to within 5 minutes of kube-apiserver's current time"): (
            abs(begin - datetime.now(UTC)) <= _CLOCKS_DIFFER
        ),
        ("notAfter", "must be set to the NotAfter time encoded in the leaf certificate"): (
            end == leaf.not_valid_after_utc
        ),
        ("beginRefreshAt", "must be at least 10 minutes after status.notBefore"): refresh >= begin + _EDGE,
        ("beginRefreshAt", "must be at least 10 minutes before status.notAfter"): refresh <= end - _EDGE,
    }
    broken = next((rule for rule, holds in rules.items() if not holds), None)
    return invalid_value(f"status.{broken[0]}", status[broken[0]], broken[1]) if broken else None
