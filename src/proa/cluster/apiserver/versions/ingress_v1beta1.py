"""Ingress of extensions/v1beta1 and networking.k8s.io/v1beta1: a backend is a name and a port. Pure.

Source: kubernetes pkg/apis/networking/v1beta1/conversion.go.
"""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.versions.conversion import PureConversion
from proa.kube.resources import Object

_TODAY = "networking.k8s.io/v1"
_ANY_PATH = "ImplementationSpecific"


def conversion(old: str) -> PureConversion:
    """Between an old version and today's."""
    return PureConversion(
        lambda obj: _converted(obj, old, _shown_spec), lambda obj: _converted(obj, _TODAY, _stored_spec)
    )


def _converted(obj: Object, version: str, change: Any) -> Object:
    spec = {"spec": change(obj["spec"])} if obj.get("spec") else {}
    return {**obj, "apiVersion": version, **spec}


def _stored_spec(spec: Object) -> Object:
    new = {name: value for name, value in spec.items() if name not in ("backend", "rules")}
    if spec.get("backend"):
        new["defaultBackend"] = _stored_backend(spec["backend"])
    if "rules" in spec:
        new["rules"] = [_rule(rule, _stored_path) for rule in spec["rules"] or ()]
    return new


def _shown_spec(spec: Object) -> Object:
    new = {name: value for name, value in spec.items() if name not in ("defaultBackend", "rules")}
    if spec.get("defaultBackend"):
        new["backend"] = _shown_backend(spec["defaultBackend"])
    if "rules" in spec:
        new["rules"] = [_rule(rule, _shown_path) for rule in spec["rules"] or ()]
    return new


def _rule(rule: Object, change: Any) -> Object:
    http = rule.get("http")
    if not http:
        return rule
    return {**rule, "http": {**http, "paths": [change(path) for path in http.get("paths") or ()]}}


def _stored_path(path: Object) -> Object:
    backend = _stored_backend(path.get("backend") or {})
    kind = path.get("pathType") or _ANY_PATH
    return {**path, "pathType": kind, "backend": backend}


def _shown_path(path: Object) -> Object:
    return {**path, "backend": _shown_backend(path.get("backend") or {})}


def _stored_backend(backend: Object) -> Object:
    new = {name: value for name, value in backend.items() if name not in ("serviceName", "servicePort")}
    if backend.get("serviceName") or "servicePort" in backend:
        port = backend.get("servicePort")
        number = isinstance(port, int) or (isinstance(port, str) and port.isdigit())
        new["service"] = {
            "name": backend.get("serviceName", ""),
            "port": {"number": int(port or 0)} if number else {"name": port or ""},
        }
    return new


def _shown_backend(backend: Object) -> Object:
    new = {name: value for name, value in backend.items() if name != "service"}
    if service := backend.get("service"):
        port = service.get("port") or {}
        new["serviceName"] = service.get("name", "")
        new["servicePort"] = port.get("number") or port.get("name", 0)
    return new
