"""events.k8s.io: the newer shape of the core group's events."""

import datetime as dt
from dataclasses import replace

from proa.cluster.apiserver.columns.cluster import EVENTS
from proa.cluster.apiserver.columns.column import Cell, Column
from proa.cluster.apiserver.defaults import cluster as defaults
from proa.cluster.apiserver.kind import Group, read
from proa.cluster.apiserver.versions import PureConversion
from proa.kube.resources import EVENTS as EVENTS_OF_CORE
from proa.kube.resources import Object

_IN_CORE = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "reportingComponent": "reportingController",
}
"""Core name -> name in this group."""


def as_core(event: Object) -> Object:
    """The event in the shape of the core group."""
    renamed = {core: event[name] for core, name in _IN_CORE.items() if name in event}
    return {key: value for key, value in event.items() if key not in _IN_CORE.values()} | renamed


def as_new(event: Object) -> Object:
    """The event of the core group in the shape of this one."""
    renamed = {new: event[core] for core, new in _IN_CORE.items() if core in event}
    kept = {key: value for key, value in event.items() if key not in _IN_CORE}
    return kept | renamed | {"apiVersion": "events.k8s.io/v1"}


def _stored(event: Object) -> Object:
    return as_core(event) | {"apiVersion": "v1"}


def _as_core(column: Column) -> Column:
    def cell(event: Object, now: dt.datetime) -> Cell:
        return column.cell(as_core(event), now)

    return replace(column, cell=cell)


KINDS = (
    Group("events.k8s.io").namespaced(
        "events",
        "Event",
        short_names=("ev",),
        columns=tuple(map(_as_core, EVENTS)),
        defaults=(defaults.new_event,),
        stored_as=EVENTS_OF_CORE,
        conversion=PureConversion(as_new, _stored),
        fields={
            "reason": read("reason"),
            "regarding.kind": read("regarding", "kind"),
            "regarding.name": read("regarding", "name"),
            "regarding.namespace": read("regarding", "namespace"),
            "reportingController": read("reportingController"),
            "type": read("type"),
        },
    ),
)
