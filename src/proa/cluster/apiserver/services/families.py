"""IP families of a Service in a cluster that has one (source: kubernetes pkg/registry/core/service). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value
from proa.kube.resources import Object

_SINGLE, _BOTH = "SingleStack", "RequireDualStack"
_OTHER = {"IPv4": "IPv6", "IPv6": "IPv4"}
_MANY = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"


def settle(spec: Object, family: str) -> Iterator[FieldError]:
    """Fill in `ipFamilyPolicy` and `ipFamilies`; what the cluster's only family cannot give is an error."""
    unbound = spec.get("clusterIP") == "None" and not spec.get("selector")
    policy = spec.setdefault("ipFamilyPolicy", _BOTH if unbound else _SINGLE)
    problems = [*_too_many(spec, policy), *_foreign(spec, family)]
    if problems:
        yield from problems
        return
    if not unbound:
        yield from _impossible(spec, family)
    if not spec.get("ipFamilies"):
        spec["ipFamilies"] = [family]
    if unbound and policy != _SINGLE and len(spec["ipFamilies"]) == 1:
        spec["ipFamilies"] = [spec["ipFamilies"][0], _OTHER[spec["ipFamilies"][0]]]


def _too_many(spec: Object, policy: str) -> Iterator[FieldError]:
    for name, what in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")):
        if policy == _SINGLE and len(spec.get(name) or ()) > 1:
            yield invalid_value("spec.ipFamilyPolicy", policy, _MANY.format(what))


def _foreign(spec: Object, family: str) -> Iterator[FieldError]:
    addresses = spec.get("clusterIPs") or list(filter(None, [spec.get("clusterIP")]))
    for index in range(len(spec.get("ipFamilies") or ()), len(addresses)):
        found = "IPv6" if ":" in addresses[index] else "IPv4"
        if addresses[index] != "None" and found != family:
            detail = f"{found} is not configured on this cluster"
            yield invalid_value(f"spec.clusterIPs[{index}]", addresses, detail)


def _impossible(spec: Object, family: str) -> Iterator[FieldError]:
    if spec["ipFamilyPolicy"] == _BOTH:
        detail = "this cluster is not configured for dual-stack services"
        yield invalid_value("spec.ipFamilyPolicy", _BOTH, detail)
    for index, wanted in enumerate(spec.get("ipFamilies") or ()):
        if wanted != family:
            yield invalid_value(f"spec.ipFamilies[{index}]", wanted, "not configured on this cluster")
