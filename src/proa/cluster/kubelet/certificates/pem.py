"""Keys, stub requests and PEM. Pure.

Source: kubernetes.io, PodCertificateProjection (key types); RFC 7468.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Callable, Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from proa.cluster.kubelet.problems import VolumeProblem

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_BLOCK = re.compile(r"-----BEGIN [^\n-]*-----(.*?)-----END [^\n-]*-----", re.DOTALL)
_KINDS: Mapping[str, tuple[Callable[[], Key], hashes.HashAlgorithm | None]] = {
    "RSA3072": (lambda: rsa.generate_private_key(65537, 3072), hashes.SHA256()),
    "RSA4096": (lambda: rsa.generate_private_key(65537, 4096), hashes.SHA256()),
    "ECDSAP256": (lambda: ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()),
    "ECDSAP384": (lambda: ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
    "ECDSAP521": (lambda: ec.generate_private_key(ec.SECP521R1()), hashes.SHA512()),
    "ED25519": (ed25519.Ed25519PrivateKey.generate, None),
}


def new_key(kind: str) -> tuple[bytes, bytes]:
    """A private key of a `keyType`, in PEM, and a request without a subject signed by it, in DER.

    Takes up to a second for RSA. Raises VolumeProblem.
    """
    if kind not in _KINDS:
        raise VolumeProblem(f'unknown key type "{kind}"; known are {", ".join(_KINDS)}')
    make, digest = _KINDS[kind]
    key = make()
    # The types of `sign` pair each key with its hash, which the table does.
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, digest)  # type: ignore[arg-type]
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, request.public_bytes(Encoding.DER)


def certificates(text: str) -> Iterator[bytes]:
    """The content of each PEM block of a text, as DER."""
    for block in _BLOCK.finditer(text):
        lines = block[1].splitlines()
        yield base64.b64decode("".join(line.strip() for line in lines if ":" not in line))


def clean(ders: Iterator[bytes]) -> bytes:
    """Certificates as PEM, without headers and without text between them."""
    return "".join(map(ssl.DER_cert_to_PEM_cert, ders)).encode()
