"""The extensions that a signed certificate takes over from what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from proa.cluster.key_usages import EXTENDED, KEY_USAGES

_ALL = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def extensions_of(
    request: x509.CertificateSigningRequest, usages: Sequence[str]
) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Each extension, and whether it is critical."""
    named = {KEY_USAGES[usage] for usage in usages if usage in KEY_USAGES}
    if named:
        yield x509.KeyUsage(**{name: name in named for name in _ALL}), True
    extended = [EXTENDED[usage] for usage in usages if usage in EXTENDED]
    if extended:
        yield x509.ExtendedKeyUsage(extended), False
    try:
        yield request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, False
    except x509.ExtensionNotFound:
        return
