"""Pods that say where they want to be: affinity and spreading, and the labels that these name by key."""

from __future__ import annotations

from typing import Any

from corpus.story import Step, post, story

PODS = "/api/v1/namespaces/<ns>/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/<ns>/deployments"
_LABELS = {"app": "a", "hash": "1"}
_CHOSEN = {"matchLabels": {"app": "a"}}


def pod(case: str, /, **spec: Any) -> Step:
    name = case.replace(" ", "-").replace(",", "")
    containers = [{"name": "c", "image": "i"}]
    metadata = {"name": name, "labels": _LABELS}
    return post(case, PODS, {"metadata": metadata, "spec": {"containers": containers, **spec}})


def together(case: str, /, **term: Any) -> Step:
    """With required affinity of that term."""
    terms = [{"topologyKey": "zone", "labelSelector": _CHOSEN} | term]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    return pod(case, affinity={"podAffinity": required})


def apart(case: str, /, **term: Any) -> Step:
    """With preferred anti-affinity of that term."""
    whole = {"topologyKey": "zone", "labelSelector": _CHOSEN} | term
    preferred = [{"weight": 1, "podAffinityTerm": whole}]
    return pod(
        case, affinity={"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    )


def spread(case: str, /, *more: Any, **constraint: Any) -> Step:
    whole = {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": _CHOSEN,
    }
    return pod(case, topologySpreadConstraints=[whole | constraint, *more])


def without_selector(keys: str) -> dict[str, Any]:
    return {"labelSelector": None, keys: ["hash"]}


STORIES = (
    story(
        "labels by key",
        together("one that the pod has", matchLabelKeys=["hash"]),
        together("one that it has not", matchLabelKeys=["other"]),
        together("one to be unlike", mismatchLabelKeys=["hash"]),
        together("two of them", matchLabelKeys=["hash"], mismatchLabelKeys=["app"]),
        together("in both ways", matchLabelKeys=["hash"], mismatchLabelKeys=["hash"]),
        together("chosen before", matchLabelKeys=["app"]),
        together("chosen to be unlike", mismatchLabelKeys=["app"]),
        together("no label", matchLabelKeys=["-"]),
        together("without a selector", **without_selector("matchLabelKeys")),
        together("unlike without a selector", **without_selector("mismatchLabelKeys")),
        apart("of a preference", matchLabelKeys=["hash"]),
        apart("of a preference, chosen before", matchLabelKeys=["hash", "app"]),
        spread("of spreading", matchLabelKeys=["hash"]),
        spread("of spreading, chosen before", matchLabelKeys=["app"]),
        spread("of spreading, without a selector", **without_selector("matchLabelKeys")),
    ),
    story(
        "spreading",
        spread("no fewer domains", minDomains=0),
        spread("domains of a wish", minDomains=2, whenUnsatisfiable="ScheduleAnyway"),
        spread("domains", minDomains=2),
        spread("a third policy", nodeAffinityPolicy="Perhaps"),
        spread("a third policy for taints", nodeTaintsPolicy="Perhaps"),
        spread("policies", nodeAffinityPolicy="Ignore", nodeTaintsPolicy="Honor"),
        spread("twice", {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}),
        spread(
            "in two ways",
            {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {}},
        ),
    ),
)
