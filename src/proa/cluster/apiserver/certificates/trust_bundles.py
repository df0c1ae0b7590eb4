"""What is wrong with a ClusterTrustBundle (source: kubernetes pkg/apis/certificates/validation). Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterator

from cryptography import x509

from proa.cluster.apiserver import names
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value
from proa.kube.resources import Object

_FIELD = "spec.trustBundle"
_BLOCK = re.compile(r"-----BEGIN ([^\n-]*)-----\r?\n(.*?)-----END \1-----", re.DOTALL)


def trust_bundle(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """ClusterTrustBundle; a bundle that a change leaves alone is not read again."""
    spec = obj.get("spec") or {}
    name = obj["metadata"].get("name") or ""
    yield from (
        invalid_value("metadata.name", name, text) for text in bundle_name(name, spec.get("signerName"))
    )
    bundle = spec.get("trustBundle") or ""
    if old is None or (old.get("spec") or {}).get("trustBundle") != bundle:
        yield from (invalid_value(_FIELD, "<value omitted>", text) for text in _anchors(bundle))


def bundle_name(name: str, signer: str | None) -> Iterator[str]:
    """Why a bundle of that signer, or of none, may not have this name."""
    if not signer:
        if ":" in name:
            yield 'ClusterTrustBundle without signer name must not have ":" in its name'
        else:
            yield from names.SUBDOMAIN.problems(name)
        return
    prefix = signer.replace("/", ":") + ":"
    if not name.startswith(prefix):
        yield f"ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}"
    else:
        yield from names.SUBDOMAIN.problems(name.removeprefix(prefix))


def _anchors(bundle: str) -> Iterator[str]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    problems = []
    for index, block in enumerate(_BLOCK.finditer(bundle)):
        if problem := _problem(*block.groups()):
            problems.append(f"entry {index} {problem}")
        found["".join(block[2].split())].append(index)
    if problems:
        yield from problems
    elif not found:
        yield "at least one trust anchor must be provided"
    for indices in found.values():
        if len(indices) > 1 and not problems:
            yield f"duplicate trust anchor (indices [{' '.join(map(str, indices))}])"


def _problem(kind: str, content: str) -> str:
    """Why a block is no trust anchor; empty when it is one."""
    if kind != "CERTIFICATE":
        return f"has bad block type: {kind}"
    if ":" in content:
        return "has PEM block headers"
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(content.split())))
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return "does not have the CA bit set"
    except (binascii.Error, ValueError):
        return "does not parse as X.509"
    return "" if basic.ca else "does not have the CA bit set"
