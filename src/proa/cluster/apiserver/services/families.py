"""IP families of a Service (source: kubernetes pkg/registry/core/service/storage/alloc.go). Pure.

`spec.clusterIP` and `spec.clusterIPs` are in step when these functions are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proa.cluster.apiserver.names import address_problems
from proa.cluster.apiserver.schema.field_error import FieldError, duplicate, invalid_value, unsupported
from proa.cluster.apiserver.services.ranges import family_of
from proa.kube.resources import Object

NO_ADDRESS = "None"
SINGLE, PREFER, REQUIRE = "SingleStack", "PreferDualStack", "RequireDualStack"
_OTHER = {"IPv4": "IPv6", "IPv6": "IPv4"}
_POLICIES = (PREFER, REQUIRE, SINGLE)
_MANY = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
_RELEASE = "must be 'SingleStack' to release the secondary {}"


def stays_as_it_is(spec: Object, old: Object) -> bool:
    """Whether both prefer two families and nothing else about addresses changes.

    Such a Service gets no second address only because the cluster has got a second family.
    """
    same = ("type", "clusterIPs", "ipFamilies")
    return (
        spec["type"] != "ExternalName"
        and spec.get("ipFamilyPolicy") == PREFER
        and old.get("ipFamilyPolicy", PREFER) == PREFER
        and all((spec.get(name) or None) == (old.get(name) or None) for name in same)
    )


def settle(spec: Object, old: Object, families: Sequence[str]) -> Iterator[FieldError]:
    """Fill in `ipFamilyPolicy` and `ipFamilies`; `families` are the cluster's, the primary first.

    `old` is the stored spec, empty for a new Service. What cannot be is told as errors, and nothing
    after the first step that finds any is looked at.
    """
    if stays_as_it_is(spec, old):
        return
    if not spec.get("ipFamilyPolicy"):
        spec["ipFamilyPolicy"] = old.get("ipFamilyPolicy") or (REQUIRE if _is_unbound(spec) else SINGLE)
    for step in (_contradictions, _reductions, _impossible):
        if errors := list(step(spec, old, families)):
            yield from errors
            return
    _complete(spec, families)


def _is_unbound(spec: Object) -> bool:
    """Headless, and selects nobody: such a Service may have families that the cluster has not."""
    return spec.get("clusterIP") == NO_ADDRESS and not spec.get("selector")


def _contradictions(spec: Object, _old: Object, _families: Sequence[str]) -> Iterator[FieldError]:
    """What is wrong whatever the cluster has."""
    addresses = spec.get("clusterIPs") or []
    if spec.get("clusterIP") and addresses[:1] != [spec["clusterIP"]]:
        yield invalid_value("spec.clusterIPs", addresses, "first value must match `clusterIP`")
    if addresses and not spec.get("clusterIP"):
        detail = "must be empty when `clusterIP` is not specified"
        yield invalid_value("spec.clusterIPs", addresses, detail)
    wanted = spec.get("ipFamilies") or []
    for index, family in enumerate(wanted):
        if family not in _OTHER:
            yield unsupported(f"spec.ipFamilies[{index}]", family, tuple(_OTHER))
        if family in wanted[:index]:
            yield duplicate(f"spec.ipFamilies[{index}]", family)
    if spec["ipFamilyPolicy"] not in _POLICIES:
        yield unsupported("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], _POLICIES)
    yield from _wrong_addresses(addresses, wanted)


def _wrong_addresses(addresses: Sequence[str], wanted: Sequence[str]) -> Iterator[FieldError]:
    if bad := [*_unreadable(addresses)]:
        yield from bad
        return
    if addresses[:1] == [NO_ADDRESS]:
        return
    if len(addresses) > 2:
        yield invalid_value("spec.clusterIPs", list(addresses), "may only hold up to 2 values")
    elif len({family_of(each) for each in addresses}) < len(addresses):
        detail = "may specify no more than one IP for each IP family"
        yield invalid_value("spec.clusterIPs", list(addresses), detail)
    for index, (address, family) in enumerate(zip(addresses, wanted, strict=False)):
        if family in _OTHER and family_of(address) != family:
            detail = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            yield invalid_value(f"spec.clusterIPs[{index}]", address, detail)


def _unreadable(addresses: Sequence[str]) -> Iterator[FieldError]:
    for index, address in enumerate(addresses):
        if index == 0 and address == NO_ADDRESS:
            if len(addresses) > 1:
                detail = "'None' must be the first and only value"
                yield invalid_value("spec.clusterIPs", list(addresses), detail)
            continue
        for problem in address_problems(address, canonical=False):
            yield invalid_value(f"spec.clusterIPs[{index}]", address, problem)


def _reductions(spec: Object, old: Object, families: Sequence[str]) -> Iterator[FieldError]:
    """One of two is given up by the policy; then families are read from addresses."""
    policy = spec["ipFamilyPolicy"]
    for name, what, many in (
        ("clusterIPs", "cluster IP", "cluster IPs"),
        ("ipFamilies", "IP family", "IP families"),
    ):
        had, has = old.get(name) or [], spec.get(name) or []
        if policy == SINGLE and had == has:
            spec[name] = has = has[:1]
        if policy == SINGLE and len(has) == 2:
            yield invalid_value("spec.ipFamilyPolicy", policy, _MANY.format(many))
        if policy != SINGLE and 0 < len(has) < len(had):
            yield invalid_value("spec.ipFamilyPolicy", policy, _RELEASE.format(what))
    yield from _infer(spec, families)


def _infer(spec: Object, families: Sequence[str]) -> Iterator[FieldError]:
    addresses = spec.get("clusterIPs") or []
    wanted = list(spec.get("ipFamilies") or ())
    for index in range(len(wanted), len(addresses)):
        if addresses[index] == NO_ADDRESS:
            break
        found = family_of(addresses[index])
        if found not in families:
            detail = f"{found} is not configured on this cluster"
            yield invalid_value(f"spec.clusterIPs[{index}]", addresses, detail)
        else:
            wanted.append(found)
    if wanted:
        spec["ipFamilies"] = wanted


def _impossible(spec: Object, _old: Object, families: Sequence[str]) -> Iterator[FieldError]:
    """What this cluster cannot give."""
    if _is_unbound(spec):
        return
    if spec["ipFamilyPolicy"] == REQUIRE and len(families) < 2:
        detail = "this cluster is not configured for dual-stack services"
        yield invalid_value("spec.ipFamilyPolicy", REQUIRE, detail)
    for index, wanted in enumerate(spec.get("ipFamilies") or ()):
        if wanted not in families:
            yield invalid_value(f"spec.ipFamilies[{index}]", wanted, "not configured on this cluster")


def _complete(spec: Object, families: Sequence[str]) -> None:
    wanted = spec.get("ipFamilies") or [families[0]]
    if len(wanted) == 1 and spec["ipFamilyPolicy"] != SINGLE and (len(families) == 2 or _is_unbound(spec)):
        wanted = [wanted[0], _OTHER[wanted[0]]]
    spec["ipFamilies"] = wanted
