"""Kernel parameters that a pod asks for (source: kubernetes pkg/apis/core/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import FieldError, duplicate, invalid_value, required
from proa.cluster.apiserver.validation.common import elements, path
from proa.kube.resources import Object

_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_PATTERN = rf"^({_SEGMENT}[\./])*{_SEGMENT}$"
_NAME = re.compile(_PATTERN)
_LONGEST = 253
_WANTED = f"must have at most {_LONGEST} characters and match regex {_PATTERN}"
_SHARED = {
    "hostNetwork": ("net.",),
    "hostIPC": ("kernel.sem", "kernel.shm", "kernel.msg", "fs.mqueue."),
}
"""What a pod shares with the node -> how the parameters begin that are then the node's too."""


def sysctls(field: str, spec: Object) -> Iterator[FieldError]:
    """The sysctls of a PodSpec: names as sysctl(8) takes them, each once, and not the node's own."""
    seen: set[str] = set()
    for at, entry in elements(path(spec, "securityContext"), f"{field}.securityContext", "sysctls"):
        name = entry.get("name") or ""
        yield from _name(f"{at}.name", name, seen)
        for sharing, beginnings in _SHARED.items():
            if spec.get(sharing) and name.replace("/", ".").startswith(beginnings):
                yield invalid_value(f"{at}.name", name, f"may not be specified when '{sharing}' is true")
        seen.add(name)


def _name(at: str, name: str, seen: set[str]) -> Iterator[FieldError]:
    if not name:
        yield required(at)
    elif len(name) > _LONGEST or not _NAME.fullmatch(name):
        yield invalid_value(at, name, _WANTED)
    elif name in seen:
        yield duplicate(at, name)
