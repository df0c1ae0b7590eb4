"""Telling pod templates apart, and names for them. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from proa.kube import Object

HASH_LABEL = "pod-template-hash"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def short_hash(content: object, collisions: int | None = None) -> str:
    """A few characters for a name, without vowels; another one for each number of collisions."""
    text = json.dumps([content, collisions], sort_keys=True, separators=(",", ":"))
    number = int.from_bytes(hashlib.blake2s(text.encode(), digest_size=4).digest())
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))


def bare(template: Object) -> Object:
    """The template without the label that a Deployment adds and without what is empty."""
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH_LABEL}
    return {"metadata": {k: v for k, v in metadata.items() if v}, "spec": template["spec"]}


def with_labels(template: Object, labels: dict[str, Any]) -> Object:
    """The template with further labels."""
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = (metadata.get("labels") or {}) | labels
    return template | {"metadata": metadata}
