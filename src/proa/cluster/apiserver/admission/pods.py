"""What pods are given at creation: their account's token, tolerations and a priority.

Source: Kubernetes admission controllers ServiceAccount, DefaultTolerationSeconds, Priority.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proa.cluster.apiserver import names
from proa.cluster.apiserver.admission.refusals import forbidden
from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.steps import about, about_new
from proa.cluster.apiserver.view import View
from proa.errors import Forbidden
from proa.kube.resources import PRIORITY_CLASSES, SERVICE_ACCOUNTS, Object

ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_LIFETIME = 3607
_TOLERATED_SECONDS = 300
_EVICTING_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
_MIRROR = "kubernetes.io/config.mirror"


@about_new("pods")
def admit_service_account(request: Request, view: View) -> None:
    """Name the default account, require that it exists, mount its token."""
    pod = request.obj
    if _MIRROR in (pod["metadata"].get("annotations") or {}):
        return
    spec, namespace = pod["spec"], request.target.namespace
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    account = view.peek(SERVICE_ACCOUNTS, name, namespace)
    if account is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(request, why)
    if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(secret) for secret in account["imagePullSecrets"]]
    wanted = spec.get("automountServiceAccountToken")
    if wanted is None:
        wanted = account.get("automountServiceAccountToken", True)
    if wanted:
        _mount_token(spec)


def _mount_token(spec: Object) -> None:
    containers = [c for kind in ("initContainers", "containers") for c in spec.get(kind) or ()]
    lacking = [c for c in containers if not _has_token(c)]
    if not lacking:
        return
    volume = names.generate("kube-api-access-")
    for container in lacking:
        mount = {"name": volume, "readOnly": True, "mountPath": ACCOUNT_MOUNT}
        container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]
    spec["volumes"] = [*(spec.get("volumes") or ()), token_volume(volume)]


def _has_token(container: Object) -> bool:
    return any(mount.get("mountPath") == ACCOUNT_MOUNT for mount in container.get("volumeMounts") or ())


def token_volume(name: str) -> Object:
    """The projected volume with token, root certificate and namespace."""
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources: list[dict[str, Any]] = [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_LIFETIME, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 0o644}}


@about("pods")
def admit_tolerations(request: Request, _view: View) -> None:
    """Tolerate a node that fails for five minutes; an update that forgets so is reminded."""
    if request.operation not in ("CREATE", "UPDATE") or request.target.subresource:
        return
    tolerations = list(request.obj["spec"].get("tolerations") or ())
    for taint in _EVICTING_TAINTS:
        if not any(_tolerates(toleration, taint) for toleration in tolerations):
            tolerations.append(
                {
                    "key": taint,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": _TOLERATED_SECONDS,
                }
            )
    request.obj["spec"]["tolerations"] = tolerations


def _tolerates(toleration: Object, taint: str) -> bool:
    return toleration.get("key") in (None, "", taint) and toleration.get("effect") in (None, "", "NoExecute")


@about_new("pods")
def admit_priority(request: Request, view: View) -> None:
    """Resolve the priority class to a number."""
    spec = request.obj["spec"]
    name = spec.get("priorityClassName")
    chosen = view.peek(PRIORITY_CLASSES, name) if name else view.derived(PRIORITY_CLASSES, _default_class)
    if name and chosen is None:
        raise forbidden(request, f"no PriorityClass with name {name} was found")
    if chosen is not None:
        spec["priorityClassName"] = chosen["metadata"]["name"]
    computed = chosen["value"] if chosen else 0
    if spec.get("priority", computed) != computed:
        raise _contradicts(request, f"integer value of priority ({spec['priority']})", computed)
    policy = (chosen or {}).get("preemptionPolicy", "PreemptLowerPriority")
    if spec.get("preemptionPolicy", policy) != policy:
        raise _contradicts(request, f"string value of PreemptionPolicy ({spec['preemptionPolicy']})", policy)
    spec["priority"], spec["preemptionPolicy"] = computed, policy


def _contradicts(request: Request, given: str, computed: object) -> Forbidden:
    source = f"priority admission controller computed {computed} from the given PriorityClass name"
    return forbidden(request, f"the {given} must not be provided in pod spec; {source}")


def _default_class(classes: Sequence[Object]) -> Object | None:
    defaults = [c for c in classes if c.get("globalDefault")]
    return min(defaults, key=lambda c: int(c["value"]), default=None)


@about_new("pods")
def warn_of_annotations(request: Request, _view: View) -> None:
    """Say that an annotation of old has no effect any more."""
    if _SECCOMP not in (request.obj["metadata"].get("annotations") or {}):
        return
    if (request.obj["spec"].get("securityContext") or {}).get("seccompProfile") is None:
        instead = 'non-functional in v1.27+; use the "seccompProfile" field instead'
        request.warnings.append(f"metadata.annotations[{_SECCOMP}]: {instead}")
