"""Values of the downward API: what a pod may learn about itself.

Source: API reference, ObjectFieldSelector and ResourceFieldSelector.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from proa.cluster.kubelet.pods import find_container
from proa.cluster.kubelet.problems import config_problem
from proa.kube import Object, annotations_of, labels_of, parse_quantity

_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]")


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the downward API tells about the node."""

    ips: Sequence[str]
    allocatable: Mapping[str, str]


def field_value(pod: Object, path: str, pod_ips: Sequence[str], node: NodeFacts) -> str:
    """The text for a fieldRef. Raises ContainerProblem for a path that does not exist."""
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript:
        table = labels_of(pod) if subscript[1] == "labels" else annotations_of(pod)
        return table.get(subscript[2], "")
    metadata, spec = pod["metadata"], pod["spec"]
    values = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "metadata.labels": _table(labels_of(pod)),
        "metadata.annotations": _table(annotations_of(pod)),
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.hostIP": next(iter(node.ips), ""),
        "status.hostIPs": ",".join(node.ips),
        "status.podIP": next(iter(pod_ips), ""),
        "status.podIPs": ",".join(pod_ips),
    }
    if path not in values:
        raise config_problem(f"field path {path!r} is not supported")
    return str(values[path])


def _table(entries: Mapping[str, str]) -> str:
    """Lines of key="value", sorted, with the escapes of Go's %q for what is common."""
    quoted = ((key, text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
              for key, text in sorted(entries.items()))  # fmt: skip
    return "\n".join(f'{key}="{text}"' for key, text in quoted)


def resource_value(pod: Object, container: Object, selector: Object, node: NodeFacts) -> str:
    """The text for a resourceFieldRef: an amount in units of the divisor, rounded up.

    A limit that is not set is the pod's, else the node's allocatable amount.
    """
    name = selector.get("containerName")
    target = container if not name else find_container(pod, name)
    if target is None:
        raise config_problem(f"container {name} not found")
    part, _, resource = selector["resource"].partition(".")
    resources = target.get("resources") or {}
    amount = (resources.get(part) or {}).get(resource)
    if amount is None and part == "limits":
        whole = (pod["spec"].get("resources") or {}).get("limits") or {}
        amount = whole.get(resource, node.allocatable.get(resource))
    divisor = parse_quantity(selector.get("divisor") or 1) or Fraction(1)
    return str(ceil(parse_quantity(amount or 0) / divisor))
