"""autoscaling: horizontal pod autoscalers."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.columns.column import Cell, Column
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.schema.field_error import FieldError
from proa.cluster.apiserver.validation import autoscaling
from proa.cluster.apiserver.versions import PureConversion, autoscaling_v1
from proa.kube.resources import Object, Resource


def _of_v2(column: Column) -> Column:
    """The column of the stored version, for an object of v1."""

    def cell(obj: Object, now: dt.datetime) -> Cell:
        return column.cell(autoscaling_v1.store(obj), now)

    return replace(column, cell=cell)


def _valid_as_v2(obj: Object, old: Object | None) -> Iterable[FieldError]:
    """The rules of the stored version."""
    before = None if old is None else autoscaling_v1.store(old)
    return autoscaling.horizontal_pod_autoscaler(autoscaling_v1.store(obj), before)


_V1_COLUMNS = tuple(_of_v2(column) for column in columns.AUTOSCALERS)

KINDS = (
    Group("autoscaling", "v2").namespaced(
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short_names=("hpa",),
        categories=("all",),
        subresources=(STATUS,),
        columns=columns.AUTOSCALERS,
        defaults=(defaults.horizontal_pod_autoscaler,),
        rules=(autoscaling.horizontal_pod_autoscaler,),
        first_status=status.autoscaler,
        generation=True,
    ),
    Group("autoscaling", "v1").namespaced(
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short_names=("hpa",),
        categories=("all",),
        subresources=(STATUS,),
        columns=_V1_COLUMNS,
        defaults=(defaults.horizontal_pod_autoscaler_v1,),
        rules=(_valid_as_v2,),
        first_status=status.autoscaler_v1,
        generation=True,
        stored_as=Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
        conversion=PureConversion(autoscaling_v1.show, autoscaling_v1.store),
    ),
)
