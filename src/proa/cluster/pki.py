"""The cluster's own certificate authority, and what it signs.

One authority (EC P-256, ten years) signs the serving certificates of the API server and of
each kubelet and the client certificates by which components and the administrator are known
(CN is the user, O are the groups). A second one, the request-header authority, signs only the
certificate with which the API server tells aggregated servers on whose behalf it asks. A leaf
lasts a year; it is signed anew, with a new key, when fewer than 120 days remain, when its names
change or when the authority is another one. Calling any of this twice changes nothing. Private
keys are 0600.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proa.cluster.keypair import KeyPair
from proa.cluster.request_extensions import extensions_of
from proa.errors import UserError
from proa.files import write_atomic, write_if_changed

AUTHORITY_DAYS = 3650
LEAF_DAYS = 365
RENEW_BELOW = dt.timedelta(days=120)
_BACKDATED = dt.timedelta(hours=1)  # nodes whose clocks are a little behind accept it at once


@dataclass(frozen=True)
class Leaf:
    """What a certificate says: who it is for, and the names and addresses it may serve as."""

    common_name: str
    organizations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """DNS names and IP addresses; a certificate with any is a serving certificate, else a client's."""

    def subject(self) -> x509.Name:
        groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in self.organizations]
        return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)])

    def alternatives(self) -> frozenset[x509.GeneralName]:
        return frozenset(_general_name(name) for name in self.names)


class Authority:
    """A certificate authority kept in a folder, as `ca.crt` and `ca.key` unless it has another name."""

    def __init__(
        self, files: KeyPair, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
    ) -> None:
        self.files = files
        self._key = key
        self._certificate = certificate

    @classmethod
    def open(cls, directory: Path, name: str = "ca") -> Authority:
        """The authority in `directory`, made when there is none. UserError when only half of it is there."""
        files = KeyPair.at(directory, name)
        if files.key.exists() != files.certificate.exists():
            missing = files.certificate if files.key.exists() else files.key
            raise UserError(f"{missing} is missing while its pair is there: restore it from a backup")
        if not files.key.exists():
            _make_authority(files, name)
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise UserError(f"{files.key} is no EC key: restore it from a backup")
        return cls(files, key, x509.load_pem_x509_certificate(files.certificate.read_bytes()))

    def issue(self, leaf: Leaf, files: KeyPair) -> bool:
        """Make `files` hold a valid certificate for `leaf`; True when it had to be signed anew."""
        if not self.reason_to_issue(leaf, files):
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(leaf, key.public_key())
        write_atomic(files.key, _key_pem(key), 0o600)
        write_atomic(files.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        return True

    def sign_request(
        self, request: x509.CertificateSigningRequest, usages: Sequence[str], lifetime: dt.timedelta
    ) -> bytes:
        """A certificate (PEM) for what a checked request asks; it never outlives the authority."""
        begin = _now() - dt.timedelta(minutes=5)
        end = min(_now() + lifetime, self._certificate.not_valid_after_utc)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(request.subject)
            .issuer_name(self._certificate.subject)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(authority, critical=False)
        )
        for extension, critical in extensions_of(request, usages):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def reason_to_issue(self, leaf: Leaf, files: KeyPair, now: dt.datetime | None = None) -> str:
        """Why the certificate in `files` does not serve for `leaf` any more; "" when it does."""
        try:
            certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        except (FileNotFoundError, ValueError):
            return "missing or damaged"
        if key.public_key() != certificate.public_key():
            return "key of another certificate"
        if certificate.not_valid_after_utc - (now or _now()) < RENEW_BELOW:
            return "near its end"
        if certificate.subject != leaf.subject() or _alternatives(certificate) != leaf.alternatives():
            return "other names"
        return "" if self._signed(certificate) else "other authority"

    def _signed(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _sign(self, leaf: Leaf, public_key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        alternatives = sorted(leaf.alternatives(), key=repr)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if alternatives else ExtendedKeyUsageOID.CLIENT_AUTH
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(leaf.subject(), self._certificate.subject, public_key, LEAF_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(authority, critical=False)
        )
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def server_names(domain: str, service_addresses: Iterable[str], extra: Iterable[str]) -> tuple[str, ...]:
    """The names the API server is reached by: this machine, the `kubernetes` Service, and `extra`."""
    service = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        f"kubernetes.default.svc.{domain}",
    ]
    return tuple(dict.fromkeys(["localhost", "127.0.0.1", "::1", *service_addresses, *service, *extra]))


def signing_key(path: Path) -> None:
    """Make sure that `path` holds the key (EC P-256, PEM) by which service-account tokens are signed."""
    if not path.exists():
        write_atomic(path, _key_pem(ec.generate_private_key(ec.SECP256R1())), 0o600)


def write_kubeconfig(
    path: Path, server: str, authority: Path, client: KeyPair, user: str, mode: int = 0o600
) -> bool:
    """Write a kubeconfig with the certificates inside, so that it works wherever it is copied to."""
    ca, certificate, key = (
        base64.b64encode(file.read_bytes()).decode() for file in (authority, client.certificate, client.key)
    )
    text = f"""\
apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: default
  context:
    cluster: default
    user: {user}
current-context: default
"""
    return write_if_changed(path, text, mode)


def _make_authority(files: KeyPair, title: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    # The name carries the time, so that a client never takes a new authority for an old one.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"proa-{title}@{int(_now().timestamp())}")])
    certificate = (
        _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_atomic(files.key, _key_pem(key), 0o600)
    write_atomic(files.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    begin = _now() - _BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _alternatives(certificate: x509.Certificate) -> frozenset[x509.GeneralName]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(extension.value)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
