"""apiregistration.k8s.io: aggregated API servers."""

import datetime as dt

from proa.cluster.apiserver.columns.column import AGE, NAME, Column, field
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.validation import api_services
from proa.kube.meta import find_condition
from proa.kube.resources import Object


def _service(obj: Object, _now: dt.datetime) -> str:
    service = field(obj, "spec", "service")
    return f"{service.get('namespace')}/{service.get('name')}" if service else "Local"


def _available(obj: Object, _now: dt.datetime) -> str:
    condition = find_condition(obj, "Available")
    if condition is None:
        return "Unknown"
    good = condition["status"] == "True"
    return "True" if good else f"{condition['status']} ({condition.get('reason', '')})"


KINDS = (
    Group("apiregistration.k8s.io").cluster_wide(
        "apiservices",
        "APIService",
        categories=("api-extensions",),
        subresources=(STATUS,),
        columns=(NAME, Column("Service", _service), Column("Available", _available), AGE),
        defaults=(defaults.api_service,),
        rules=(api_services.api_service,),
    ),
)
