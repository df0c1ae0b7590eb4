"""Talking to a Kubernetes API: client, informers, controllers. Knows nothing of the kernel."""

from proa.kube.addresses import join_host_port, kubelet_address
from proa.kube.client import Client, PatchType, WatchEvent
from proa.kube.config import ClientConfig, load_config
from proa.kube.controller import Controller, PermanentError, Reconciler, Result, Source
from proa.kube.events import EventRecorder
from proa.kube.http import HttpClient
from proa.kube.informer import Informer
from proa.kube.manager import Manager
from proa.kube.meta import (
    annotations_of,
    condition_is_true,
    controller_of,
    find_condition,
    is_deleting,
    key_of,
    labels_of,
    now,
    now_micro,
    owner_reference,
    parse_time,
    split_key,
    with_condition,
)
from proa.kube.quantities import format_bytes, format_milli, parse_quantity, to_integer, to_milli
from proa.kube.resources import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    PRIORITY_CLASSES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STORAGE_CLASSES,
    TOKEN_REQUESTS,
    Object,
    Resource,
)
from proa.kube.workqueue import WorkQueue

__all__ = [
    "CONFIG_MAPS", "ENDPOINTS", "ENDPOINT_SLICES", "EVENTS", "LEASES", "NAMESPACES", "NODES",
    "PERSISTENT_VOLUMES", "PERSISTENT_VOLUME_CLAIMS", "PODS", "PRIORITY_CLASSES", "SECRETS",
    "SERVICES", "SERVICE_ACCOUNTS", "STORAGE_CLASSES", "TOKEN_REQUESTS",
    "Client", "ClientConfig", "Controller", "EventRecorder", "HttpClient", "Informer", "Manager", "Object",
    "PatchType", "PermanentError", "Reconciler", "Resource", "Result", "Source", "WatchEvent", "WorkQueue",
    "annotations_of", "condition_is_true", "controller_of", "find_condition", "format_bytes", "format_milli",
    "is_deleting", "join_host_port", "key_of", "kubelet_address", "labels_of", "load_config", "now",
    "now_micro", "owner_reference", "parse_quantity", "parse_time", "split_key", "to_integer", "to_milli",
    "with_condition",
]  # fmt: skip
