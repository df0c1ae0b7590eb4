"""From client-side to server-side apply: what kubectl once applied by itself, kubectl may apply again.

Client-side apply kept its configuration in an annotation. Source: apimachinery,
managedfields/internal/{lastapplied,lastappliedmanager,lastappliedupdater}.go.
"""

from __future__ import annotations

import msgspec

from proa.cluster.apiserver.apply.paths import EMPTY, FieldSet
from proa.cluster.apiserver.apply.typed import compare, fields_of
from proa.cluster.apiserver.schema import Node
from proa.kube.resources import Object

KUBECTL = "kubectl"
_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"


def yielded_by_last_applied(schema: Node | None, live: Object, manager: str) -> FieldSet:
    """The fields that the annotation lists and that still have those values; none but for kubectl."""
    text = _annotation(live) if manager == KUBECTL else ""
    try:
        last = msgspec.json.decode(text, type=Object) if text else {}
    except msgspec.DecodeError:
        return EMPTY
    if last.get("apiVersion") != live["apiVersion"]:
        return EMPTY
    difference = compare(schema, last, live)
    return fields_of(schema, last) - difference.modified - difference.added - difference.removed


def renew_last_applied(obj: Object, config: Object, manager: str) -> None:
    """Bring the annotation of an applied object, when it has one, up to date; only for kubectl."""
    if manager != KUBECTL or not _annotation(obj):
        return
    metadata = config.get("metadata") or {}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != _ANNOTATION}
    kept = {k: v for k, v in metadata.items() if k not in ("annotations", "namespace")}
    body = {**config, "metadata": kept | ({"annotations": annotations} if annotations else {})}
    text = msgspec.json.encode(body, order="deterministic").decode() + "\n"
    obj["metadata"]["annotations"] = {**obj["metadata"]["annotations"], _ANNOTATION: text}


def _annotation(obj: Object) -> str:
    return str(((obj.get("metadata") or {}).get("annotations") or {}).get(_ANNOTATION, ""))
