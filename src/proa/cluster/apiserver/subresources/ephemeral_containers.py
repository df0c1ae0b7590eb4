"""pods/ephemeralcontainers: the only way to add containers to a pod that exists."""

from __future__ import annotations

import copy

from proa.cluster.apiserver import metadata
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.shape import check_shape, check_type, complete
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.updating import Change
from proa.cluster.apiserver.validation.ephemeral_containers import ephemeral_containers
from proa.kube.resources import Object


def adding(change: Change, target: Target, options: WriteOptions) -> Change:
    """The part of a change of a pod that concerns its ephemeral containers."""

    def add(old: Object) -> Object:
        wanted = change(copy.deepcopy(old))
        check_type(wanted, target)
        missing = check_shape(wanted, target, options, old)
        spec = {**old["spec"], "ephemeralContainers": (wanted.get("spec") or {}).get("ephemeralContainers")}
        if not spec["ephemeralContainers"]:
            del spec["ephemeralContainers"]
        version = metadata.of(wanted).get("resourceVersion") or old["metadata"]["resourceVersion"]
        new = {**old, "metadata": {**old["metadata"], "resourceVersion": version}, "spec": spec}
        complete(new, target)
        metadata.proceed(new, old, target.kind)
        if errors := missing + list(ephemeral_containers(new, old)):
            raise invalid(target.resource.kind, target.resource.group, target.name, errors)
        return new

    return add
