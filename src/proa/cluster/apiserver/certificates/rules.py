"""What is wrong with a signing request (source: kubernetes pkg/apis/certificates/validation). Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator

from cryptography import x509

from proa.cluster.apiserver.certificates.requests import load_request
from proa.cluster.apiserver.certificates.signer_names import signer_name
from proa.cluster.apiserver.certificates.signers import LEGACY
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    duplicate,
    invalid_value,
    required,
    unsupported,
)
from proa.cluster.key_usages import NAMES
from proa.kube.resources import Object

_MINIMUM_SECONDS = 600
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_DECIDING = ("Approved", "Denied", "Failed")


def signing_request(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """CertificateSigningRequest."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    try:
        load_request(spec.get("request"))
    except ValueError as error:
        yield invalid_value("spec.request", spec.get("request"), str(error))
    yield from _usages(spec.get("usages") or [])
    yield from _signer(spec.get("signerName") or "")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _MINIMUM_SECONDS:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        yield invalid_value("spec.expirationSeconds", seconds, detail)
    yield from _conditions(status.get("conditions") or [])
    if status.get("certificate") and not _is_certificate(status["certificate"]):
        detail = "must contain at least one CERTIFICATE PEM block"
        yield invalid_value("status.certificate", "<certificate data>", detail)


def _usages(usages: list[str]) -> Iterator[FieldError]:
    if not usages:
        yield required("spec.usages")
    for index, usage in enumerate(usages):
        if usage not in NAMES:
            yield unsupported(f"spec.usages[{index}]", usage, NAMES)
        elif usage in usages[:index]:
            yield duplicate(f"spec.usages[{index}]", usage)


def _signer(name: str) -> Iterator[FieldError]:
    yield from signer_name("spec.signerName", name)
    if name == LEGACY:
        detail = "the legacy signerName is not allowed via this API version"
        yield invalid_value("spec.signerName", name, detail)


def _conditions(conditions: list[Object]) -> Iterator[FieldError]:
    types = [condition.get("type") or "" for condition in conditions]
    for index, condition in enumerate(conditions):
        at, kind, status = f"status.conditions[{index}]", types[index], condition.get("status")
        if not kind:
            yield required(f"{at}.type")
        elif kind in types[:index]:
            yield duplicate(f"{at}.type", kind)
        if not status:
            yield required(f"{at}.status")
        elif kind in _DECIDING and status != "True":
            yield unsupported(f"{at}.status", status, ("True",))
    if {"Approved", "Denied"} <= set(types):
        marks = [f'conditions[{{"type": {json.dumps(kind)}}}]' for kind in ("Approved", "Denied")]
        detail = f"must specify at most one of: {', '.join(f'`{mark}`' for mark in marks)}"
        yield invalid_value("status.conditions", f"{{{', '.join(marks)}}}", detail)


def _is_certificate(encoded: str) -> bool:
    try:
        content = base64.b64decode(encoded, validate=True)
        return _BEGIN in content and bool(x509.load_pem_x509_certificates(content))
    except (binascii.Error, ValueError):
        return False
