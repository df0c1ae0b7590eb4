"""What of a Service's addresses may change, and the objects of addresses and ranges.

Source: kubernetes pkg/apis/core/validation (validateUpgradeDowngrade...), pkg/apis/networking/validation.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from proa.cluster.apiserver.names import SUBDOMAIN, segment_problems
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required
from proa.cluster.apiserver.validation.common import IMMUTABLE, immutable, path
from proa.kube.resources import Object

_ONCE_SET = "may not change once set"


def service_update(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """The first address and family stay; the second may come, and may go by policy."""
    if old is None or "ExternalName" in (path(old, "spec", "type"), path(obj, "spec", "type")):
        return
    new, before = obj["spec"], old["spec"]
    headless = _is_headless(new), _is_headless(before)
    if not all(headless):
        yield from _addresses(new, before)
    if not any(headless):
        yield from _families(new, before)


def _is_headless(spec: Object) -> bool:
    return spec.get("clusterIPs") == ["None"]


def _addresses(spec: Object, old: Object) -> Iterator[FieldError]:
    new, before = spec.get("clusterIPs") or [], old.get("clusterIPs") or []
    if len(new) == len(before):
        for index, (one, other) in enumerate(zip(new, before, strict=True)):
            if one != other:
                yield invalid_value(f"spec.clusterIPs[{index}]", new, _ONCE_SET)
        return
    if not new:
        yield invalid_value("spec.clusterIPs[0]", new, "primary clusterIP can not be unset")
    elif before and new[0] != before[0]:
        yield invalid_value("spec.clusterIPs[0]", new, _ONCE_SET)
    yield from _released(spec, new, before, "clusterIP")


def _families(spec: Object, old: Object) -> Iterator[FieldError]:
    new, before = spec.get("ipFamilies") or [], old.get("ipFamilies") or []
    if len(new) == len(before):
        if new != before:
            yield invalid_value("spec.ipFamilies[0]", new, _ONCE_SET)
        return
    if new and before and new[0] != before[0]:
        yield invalid_value("spec.ipFamilies[0]", spec.get("clusterIPs") or [], _ONCE_SET)
    yield from _released(spec, new, before, "ipFamily")


def _released(spec: Object, new: Sequence[str], before: Sequence[str], what: str) -> Iterator[FieldError]:
    policy = spec.get("ipFamilyPolicy")
    if len(new) == 1 < len(before) and policy != "SingleStack":
        detail = f"must be set to 'SingleStack' when releasing the secondary {what}"
        yield invalid_value("spec.ipFamilyPolicy", policy, detail)


def ip_address(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """IPAddress: of what, and never of anything else."""
    parent = path(obj, "spec", "parentRef")
    if parent is None:
        yield required("spec.parentRef")
    else:
        yield from _parent(parent)
    if old is not None:
        yield from immutable(obj, old, "spec", "parentRef")


def _parent(parent: Object) -> Iterator[FieldError]:
    group = parent.get("group") or ""
    for problem in SUBDOMAIN.problems(group) if group else ():
        yield invalid_value("spec.parentRef.group", group, problem)
    for name, needed in (("resource", True), ("name", True), ("namespace", False)):
        value = parent.get(name) or ""
        if not value and needed:
            yield required(f"spec.parentRef.{name}")
        for problem in segment_problems(value) if value else ():
            yield invalid_value(f"spec.parentRef.{name}", value, problem)


def service_cidr(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """ServiceCIDR: one network a family; a second one may be added to the first."""
    cidrs = path(obj, "spec", "cidrs") or []
    if old is None:
        yield from _networks(obj.get("spec") or {}, cidrs)
        return
    before = path(old, "spec", "cidrs") or []
    if len(cidrs) == len(before):
        for index, (one, other) in enumerate(zip(cidrs, before, strict=True)):
            if one != other:
                yield invalid_value(f"spec.cidrs[{index}]", one, IMMUTABLE)
    elif (len(before), len(cidrs)) == (1, 2):
        if cidrs[0] != before[0]:
            yield invalid_value("spec.cidrs[0]", cidrs[0], IMMUTABLE)
        yield from _networks(obj["spec"], cidrs)
    else:
        yield invalid_value("spec.cidrs", cidrs, IMMUTABLE)


def _networks(spec: Object, cidrs: Sequence[str]) -> Iterator[FieldError]:
    if not cidrs:
        yield required("spec.cidrs", "at least one CIDR required")
        return
    if len(cidrs) > 2:
        yield invalid_value("spec.cidrs", {"CIDRs": spec["cidrs"]}, "may only hold up to 2 values")
        return
    for index, cidr in enumerate(cidrs):
        for problem in network_problems(cidr):
            yield invalid_value(f"spec.cidrs[{index}]", cidr, problem)
    if len(cidrs) == 2 and len({":" in cidr for cidr in cidrs}) == 1:
        detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        yield invalid_value("spec.cidrs", cidrs, detail)


def network_problems(text: str) -> list[str]:
    """Why a text is no network, in the one form that each has; empty when it is."""
    try:
        interface = ipaddress.ip_interface(text if "/" in text else "")
    except ValueError:
        return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
    if interface.ip != interface.network.network_address:
        return ["must not have bits set beyond the prefix length"]
    canonical = str(interface.network)
    return [] if canonical == text else [f'must be in canonical form ("{canonical}")']
