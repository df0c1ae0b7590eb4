"""Kinds that steer others: access, admission, scaling, priorities."""

from __future__ import annotations

from proa.cluster.apiserver.defaults.fill import each, fill, fill_empty, part
from proa.kube.resources import Object

_RBAC = "rbac.authorization.k8s.io"
_CPU_UTILIZATION = 80
_PRECEDENCE = 1000


def role_binding(obj: Object) -> None:
    """RoleBinding and ClusterRoleBinding."""
    if obj.get("roleRef"):
        fill_empty(obj["roleRef"], apiGroup=_RBAC)
    for subject in each(obj, "subjects"):
        if subject.get("kind") in ("User", "Group"):
            fill_empty(subject, apiGroup=_RBAC)


def priority_class(obj: Object) -> None:
    """PriorityClass."""
    fill(obj, value=0, preemptionPolicy="PreemptLowerPriority")


def horizontal_pod_autoscaler(obj: Object) -> None:
    """HorizontalPodAutoscaler (v2)."""
    spec = part(obj, "spec")
    fill(spec, minReplicas=1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": _CPU_UTILIZATION}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if behavior is not None:
        doubling = {"type": "Percent", "value": 100, "periodSeconds": 15}
        four = {"type": "Pods", "value": 4, "periodSeconds": 15}
        up, down = part(behavior, "scaleUp"), part(behavior, "scaleDown")
        fill(up, stabilizationWindowSeconds=0, selectPolicy="Max", policies=[four, doubling])
        fill(down, selectPolicy="Max", policies=[dict(doubling)])


def horizontal_pod_autoscaler_v1(obj: Object) -> None:
    """HorizontalPodAutoscaler (v1): the rest follows from its conversion to v2."""
    fill(part(obj, "spec"), minReplicas=1)


def validating_webhooks(obj: Object) -> None:
    """ValidatingWebhookConfiguration."""
    for webhook in each(obj, "webhooks"):
        fill(
            webhook,
            failurePolicy="Fail",
            matchPolicy="Equivalent",
            namespaceSelector={},
            objectSelector={},
            timeoutSeconds=10,
        )
        for rule in each(webhook, "rules"):
            fill(rule, scope="*")
        service = part(webhook, "clientConfig").get("service")
        if service:
            fill(service, port=443)


def mutating_webhooks(obj: Object) -> None:
    """MutatingWebhookConfiguration."""
    validating_webhooks(obj)
    for webhook in each(obj, "webhooks"):
        fill(webhook, reinvocationPolicy="Never")


def admission_policy(obj: Object) -> None:
    """ValidatingAdmissionPolicy and MutatingAdmissionPolicy."""
    spec = part(obj, "spec")
    fill(spec, failurePolicy="Fail")
    if spec.get("matchConstraints") is not None:
        match_resources(spec["matchConstraints"])


def policy_binding(obj: Object) -> None:
    """The bindings of these policies."""
    match = part(obj, "spec").get("matchResources")
    if match is not None:
        match_resources(match)


def match_resources(match: Object) -> None:
    """What a policy or binding is about."""
    fill(match, matchPolicy="Equivalent", namespaceSelector={}, objectSelector={})
    for rule in each(match, "resourceRules") + each(match, "excludeResourceRules"):
        fill(rule, scope="*")


def custom_resource_definition(obj: Object) -> None:
    """CustomResourceDefinition: names that follow from others, and no conversion."""
    spec = part(obj, "spec")
    fill(part(spec, "conversion"), strategy="None")
    names = part(spec, "names")
    kind = names.get("kind") or ""
    fill_empty(names, singular=kind.lower(), listKind=f"{kind}List")


def flow_schema(obj: Object) -> None:
    """FlowSchema."""
    spec = part(obj, "spec")
    spec["matchingPrecedence"] = spec.get("matchingPrecedence") or _PRECEDENCE


def api_service(obj: Object) -> None:
    """APIService."""
    service = part(obj, "spec").get("service")
    if service:
        fill(service, port=443)
