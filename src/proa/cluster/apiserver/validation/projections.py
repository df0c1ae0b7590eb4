"""Sources of a projected volume that give certificates (kubernetes pkg/apis/core/validation). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.certificates.pod_certificates import (
    SHORTEST_SECONDS,
    lifetime_limit,
    user_annotations,
)
from proa.cluster.apiserver.certificates.signer_names import signer_name
from proa.cluster.apiserver.certificates.trust_bundles import bundle_name
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required, unsupported
from proa.cluster.apiserver.validation.common import selector
from proa.cluster.apiserver.validation.containers import sub_path
from proa.kube.resources import Object

_KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
_PATHS = ("credentialBundlePath", "keyPath", "certificateChainPath")


def trust_bundle(field: str, source: Object) -> Iterator[FieldError]:
    """`clusterTrustBundle`: by name, or by signer and labels."""
    name, signer = source.get("name"), source.get("signerName")
    if name is not None and signer is not None:
        yield invalid_value(field, source, "only one of name and signerName may be used")
    elif name is not None:
        yield from _name(field, name)
        if source.get("labelSelector") is not None:
            detail = "labelSelector must be unset if name is specified"
            yield invalid_value(f"{field}.labelSelector", source["labelSelector"], detail)
    elif signer is not None:
        if not signer:
            yield required(f"{field}.signerName", "must be a valid signer name")
        yield from signer_name(f"{field}.signerName", signer)
        yield from selector(f"{field}.labelSelector", source.get("labelSelector"))
    else:
        yield required(field, "either name or signerName must be specified")
    if not source.get("path"):
        yield required(f"{field}.path")
    yield from _path(f"{field}.path", source.get("path") or "")


def _name(field: str, name: str) -> Iterator[FieldError]:
    if not name:
        yield required(f"{field}.name", "must be a valid object name")
    *signer, _ = name.rsplit(":", 1)
    for problem in bundle_name(name, signer[0].replace(":", "/", 1) if signer else ""):
        yield invalid_value(f"{field}.name", name, f"not a valid clustertrustbundlename: {problem}")


def pod_certificate(field: str, source: Object) -> Iterator[FieldError]:
    """`podCertificate`: who signs, what key, and where it goes."""
    signer = source.get("signerName") or ""
    yield from signer_name(f"{field}.signerName", signer)
    yield from user_annotations(f"{field}.userAnnotations", source.get("userAnnotations"))
    if source.get("keyType") not in _KEY_TYPES:
        yield unsupported(f"{field}.keyType", source.get("keyType") or "", _KEY_TYPES)
    yield from _lifetime(f"{field}.maxExpirationSeconds", source.get("maxExpirationSeconds"), signer)
    paths = [name for name in _PATHS if source.get(name)]
    for name in paths:
        yield from _path(f"{field}.{name}", source[name])
    if not paths:
        yield required(
            field, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
        )


def _lifetime(field: str, seconds: int | None, signer: str) -> Iterator[FieldError]:
    if seconds is None:
        return
    if seconds < SHORTEST_SECONDS:
        detail = f"if provided, maxExpirationSeconds must be >= {SHORTEST_SECONDS}"
        yield invalid_value(field, seconds, detail)
    if seconds > (longest := lifetime_limit(signer)):
        yield invalid_value(field, seconds, f"if provided, maxExpirationSeconds must be <= {longest}")


def _path(field: str, value: str) -> Iterator[FieldError]:
    yield from sub_path(field, value)
    if value.startswith("..") and not value.startswith("../"):
        yield invalid_value(field, value, "must not start with '..'")
