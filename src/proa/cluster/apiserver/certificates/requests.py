"""Reading the PEM of a signing request and of a certificate. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

_BEGIN = b"-----BEGIN CERTIFICATE REQUEST-----"


def load_request(encoded: Any) -> x509.CertificateSigningRequest:
    """The signing request in a field's base64. Raises ValueError, whose text upstream prints too."""
    try:
        content = base64.b64decode(encoded or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        content = b""
    if not content.lstrip().startswith(_BEGIN):
        raise ValueError("PEM block type must be CERTIFICATE REQUEST")
    request = x509.load_pem_x509_csr(content)
    if not request.is_signature_valid:
        raise ValueError("the signature of the request is not valid")
    return request


def common_name(request: x509.CertificateSigningRequest) -> str:
    """The subject's CN; empty without one."""
    return _texts(request, NameOID.COMMON_NAME)[-1:][0] if _texts(request, NameOID.COMMON_NAME) else ""


def organizations(request: x509.CertificateSigningRequest) -> list[str]:
    """The subject's O, which become groups."""
    return _texts(request, NameOID.ORGANIZATION_NAME)


def _texts(request: x509.CertificateSigningRequest, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in request.subject.get_attributes_for_oid(oid)]
