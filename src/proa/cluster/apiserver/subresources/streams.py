"""pods/exec, pods/attach and pods/portforward: where on a kubelet the connection goes.

Source: registry/core/pod/strategy.go (AttachLocation, ExecLocation, PortForwardLocation).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from proa.cluster.apiserver.subresources.log import choose_container
from proa.cluster.apiserver.target import Target
from proa.errors import BadRequest
from proa.kube.resources import Object

STREAMS = {"exec": "exec", "attach": "attach", "portforward": "portForward"}
"""Subresources of pods that are live connections, and what the kubelet calls them."""

_PORT = re.compile("[0-9]{1,5}")
_PARAMETERS = {
    "stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty", "command": "command",
    "ports": "port",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Location:
    """A path with its query, on the kubelet of a node."""

    node: str
    path: str


def is_stream(target: Target) -> bool:
    """Whether the target is answered by a live connection."""
    return target.qualified == "pods" and target.subresource in STREAMS


def stream_options(target: Target, query: Iterable[tuple[str, str]]) -> Object:
    """The options of a stream as an object: what admission sees of it."""
    options: Object = {"kind": target.kind.subresources[target.subresource].kind, "apiVersion": "v1"}
    for key, value in query:
        if key == "command":
            options.setdefault(key, []).append(value)
        elif key == "ports":
            options.setdefault(key, []).extend(
                int(port) for port in value.split(",") if _PORT.fullmatch(port)
            )
        elif key == "container":
            options[key] = value
        elif key in ("stdin", "stdout", "stderr", "tty") and value.lower() in ("1", "true", "t"):
            options[key] = True
    return options


def locate(target: Target, pod: Object, query: Iterable[tuple[str, str]]) -> Location:
    """The kubelet's end of a stream. Raises BadRequest for a wrong container or a pod without a node."""
    pairs = list(query)
    parts = [STREAMS[target.subresource], target.namespace, target.name]
    if target.subresource != "portforward":
        parts.append(choose_container(pod, dict(pairs).get("container", "")))
    node = pod["spec"].get("nodeName")
    if not node:
        raise BadRequest(f"pod {target.name} does not have a host assigned")
    kept = urlencode([(_PARAMETERS[key], value) for key, value in pairs if key in _PARAMETERS])
    return Location(node, "/" + "/".join(quote(part, safe="") for part in parts) + (kept and f"?{kept}"))
