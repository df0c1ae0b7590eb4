"""apiextensions.k8s.io: definitions of custom resources."""

import datetime as dt

from proa.cluster.apiserver.columns.column import NAME, Column, field, text
from proa.cluster.apiserver.columns.policies import CREATED
from proa.cluster.apiserver.custom import lifecycle
from proa.cluster.apiserver.custom.definition import definition_rules
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.kind import STATUS, Group
from proa.kube.meta import condition_is_true
from proa.kube.resources import Object


def _versions(obj: Object, _now: dt.datetime) -> str:
    """Those that are served; the stored one is marked."""
    served = [version for version in field(obj, "spec", "versions") or () if version.get("served")]
    return ",".join(sorted(f"{v['name']}{'(storage)' if v.get('storage') else ''}" for v in served))


_COLUMNS = (
    NAME,
    text("Scope", "spec", "scope"),
    Column("Versions", _versions),
    CREATED,
    text("Group", "spec", "group", wide=True),
    text("Kind", "spec", "names", "kind", wide=True),
    Column(
        "ShortNames", lambda obj, _now: ",".join(field(obj, "spec", "names", "shortNames") or ()), wide=True
    ),
    Column("Established", lambda obj, _now: condition_is_true(obj, "Established"), wide=True, type="boolean"),
)

KINDS = (
    Group("apiextensions.k8s.io").cluster_wide(
        "customresourcedefinitions",
        "CustomResourceDefinition",
        unconditional_updates=False,
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        subresources=(STATUS,),
        columns=_COLUMNS,
        defaults=(defaults.custom_resource_definition,),
        rules=(definition_rules,),
        first_status=lifecycle.first_status,
        generation=True,
    ),
)
