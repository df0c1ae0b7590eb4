"""Variables from files that a volume of the pod holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, not_found, required
from proa.cluster.apiserver.validation.common import dns_label, elements, path
from proa.kube.resources import Object

VARIABLE = re.compile(r"[ -<>-~]+")
NO_VARIABLE = (
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
)


def file_key(field: str, selector: Object) -> Iterator[FieldError]:
    """A FileKeySelector."""
    key, volume, file = (selector.get(name) or "" for name in ("key", "volumeName", "path"))
    if not key:
        yield required(f"{field}.key")
    elif not VARIABLE.fullmatch(key):
        yield invalid_value(f"{field}.key", key, NO_VARIABLE)
    if not volume:
        yield required(f"{field}.volumeName")
    else:
        yield from dns_label(f"{field}.volumeName", volume)
    if not file:
        yield required(f"{field}.path")
    elif ".." in file.split("/"):
        yield invalid_value(f"{field}.path", file, "must not contain '..'")


def file_volumes(field: str, spec: Object) -> Iterator[FieldError]:
    """The volumes that a pod's variables name are there, and empty at first."""
    sources = {volume.get("name"): volume for volume in spec.get("volumes") or ()}
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for at, container in elements(spec, field, kind):
            for place, variable in elements(container, at, "env"):
                named = path(variable, "valueFrom", "fileKeyRef", "volumeName")
                where = f"{place}.valueFrom.fileKeyRef.volumeName"
                if named is not None and named not in sources:
                    yield not_found(where, named)
                elif named is not None and "emptyDir" not in sources[named]:
                    yield invalid_value(where, named, "referenced volume must be of type emptyDir")
