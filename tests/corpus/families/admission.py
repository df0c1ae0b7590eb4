"""What admission gives and refuses: limit ranges, quotas, pod security, webhooks, classes of pods."""

from __future__ import annotations

from typing import Any

from corpus.story import STRATEGIC, Step, delete, get, patch, post, story

NAMESPACE = "/api/v1/namespaces/<ns>"
PODS = f"{NAMESPACE}/pods"
CONFIG_MAPS = f"{NAMESPACE}/configmaps"
QUOTAS = f"{NAMESPACE}/resourcequotas"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
PSA = "pod-security.kubernetes.io/"


def pod(name: str = "p", containers: Any = None, metadata: Any = None, **spec: Any) -> Any:
    made = [{"name": "c", "image": "i"}] if containers is None else containers
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"containers": made, **spec},
    }


def container(name: str = "c", **more: Any) -> Any:
    return {"name": name, "image": "i", **more}


def using(requests: Any = None, limits: Any = None, name: str = "c") -> Any:
    resources = {"requests": requests, "limits": limits}
    return container(name, resources={key: value for key, value in resources.items() if value})


def limit_range(name: str, *limits: Any) -> Any:
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": name}, "spec": {"limits": limits}}


def claim(size: str, name: str = "v") -> Any:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def quota(name: str, hard: Any, **spec: Any) -> list[Step]:
    """A quota whose status says that nothing is used, as its controller would say."""
    obj = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}}
    status = {"hard": hard, "used": dict.fromkeys(hard, "0")}
    only = ("spec", "message")
    return [
        post(f"quota {name}", QUOTAS, {**obj, "spec": {"hard": hard, **spec}}, only=only),
        patch(f"status of quota {name}", f"{QUOTAS}/{name}/status", {"status": status}, only=("code",)),
    ]


def dry(name: str, path: str, obj: Any) -> Step:
    """A create that may succeed, of which only the failure is of interest."""
    return post(name, f"{path}?dryRun=All", obj, only=("message", "reason", "details", "kind"))


def labelled(name: str, **labels: str | None) -> Step:
    return patch(
        name,
        NAMESPACE,
        {"metadata": {"labels": {PSA + key.replace("_", "-"): value for key, value in labels.items()}}},
        only=("message", "details", "kind"),
    )


SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def with_context(**context: Any) -> Any:
    """A container that is safe but for this."""
    return [container(securityContext=SAFE | context)]


UNSAFE: dict[str, Any] = {
    "plain": pod(),
    "two containers": pod(containers=[container("a"), container("b")], initContainers=[container("z")]),
    "host namespaces": pod(hostNetwork=True, hostPID=True, hostIPC=True),
    "host path": pod(
        volumes=[{"name": "h", "hostPath": {"path": "/"}}, {"name": "n", "nfs": {"server": "s", "path": "/"}}]
    ),
    "host ports": pod(
        containers=[
            container("a", ports=[{"containerPort": 1, "hostPort": 1}, {"containerPort": 2, "hostPort": 20}])
        ]
    ),
    "privileged": pod(containers=[container(securityContext={"privileged": True})]),
    "capabilities": pod(
        containers=with_context(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN", "CHOWN"]})
    ),
    "bind capability": pod(
        containers=with_context(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})
    ),
    "keeps capabilities": pod(containers=with_context(capabilities={"drop": ["CHOWN"]})),
    "proc mount": pod(containers=with_context(procMount="Unmasked"), hostUsers=False),
    "selinux": pod(
        containers=with_context(seLinuxOptions={"type": "spc_t", "user": "u"}),
        securityContext={"seLinuxOptions": {"type": "container_t", "role": "r"}},
    ),
    "seccomp": pod(
        containers=with_context(seccompProfile={"type": "Unconfined"}),
        securityContext={"seccompProfile": {"type": "Unconfined"}},
    ),
    "sysctls": pod(
        containers=with_context(),
        securityContext={
            "sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1"}, {"name": "kernel.msgmax", "value": "1"}]
        },
    ),
    "app armor": pod(
        containers=with_context(appArmorProfile={"type": "Unconfined"}),
        securityContext={"appArmorProfile": {"type": "Unconfined"}},
    ),
    "root": pod(containers=with_context(runAsUser=0, runAsNonRoot=False), securityContext={"runAsUser": 0}),
    "root by default": pod(
        containers=[container(securityContext={k: v for k, v in SAFE.items() if k != "runAsNonRoot"})]
    ),
    "own users": pod(containers=with_context(runAsNonRoot=False, runAsUser=0), hostUsers=False),
    "probe hosts": pod(
        containers=[
            container(
                securityContext=SAFE,
                livenessProbe={"httpGet": {"host": "10.0.0.1", "port": 1}},
                lifecycle={"preStop": {"tcpSocket": {"host": "10.0.0.2", "port": 1}}},
            )
        ]
    ),
    "host process": pod(securityContext={"windowsOptions": {"hostProcess": True}}, hostNetwork=True),
    "windows": pod(os={"name": "windows"}),
    "safe": pod(containers=with_context()),
}


def deployment(spec: Any) -> Any:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    }


HOOK = {
    "name": "x.example.com",
    "clientConfig": {"url": "https://127.0.0.1:9/a"},
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "<ns>"}},
    "rules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    ],
}


def hooks(kind: str, name: str, *entries: Any) -> Any:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": entries,
    }


def config_map(name: str) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


WRONG_HOOKS: dict[str, Any] = {
    "no side effects": {key: value for key, value in HOOK.items() if key != "sideEffects"},
    "old side effects": HOOK | {"sideEffects": "Some"},
    "no versions": {key: value for key, value in HOOK.items() if key != "admissionReviewVersions"},
    "unknown versions": HOOK | {"admissionReviewVersions": ["v7"]},
    "a name without domain": HOOK | {"name": "x"},
    "no client": HOOK | {"clientConfig": {}},
    "two clients": HOOK
    | {"clientConfig": {"url": "https://a.b", "service": {"name": "s", "namespace": "n"}}},
    "plain http": HOOK | {"clientConfig": {"url": "http://a.b/c"}},
    "a query": HOOK | {"clientConfig": {"url": "https://a.b/c?d=e"}},
    "a user": HOOK | {"clientConfig": {"url": "https://u:p@a.b/c"}},
    "a bad path": HOOK | {"clientConfig": {"service": {"name": "s", "namespace": "n", "path": "x"}}},
    "a bad port": HOOK | {"clientConfig": {"service": {"name": "s", "namespace": "n", "port": 70000}}},
    "a long time": HOOK | {"timeoutSeconds": 31},
    "no time": HOOK | {"timeoutSeconds": 0},
    "an unknown policy": HOOK | {"failurePolicy": "Maybe"},
    "an unknown match policy": HOOK | {"matchPolicy": "Maybe"},
    "a rule without anything": HOOK | {"rules": [{}]},
    "an unknown operation": HOOK | {"rules": [HOOK["rules"][0] | {"operations": ["READ"]}]},  # type: ignore[index]
    "operations beside all": HOOK | {"rules": [HOOK["rules"][0] | {"operations": ["*", "CREATE"]}]},  # type: ignore[index]
    "resources beside all": HOOK | {"rules": [HOOK["rules"][0] | {"resources": ["*/*", "pods"]}]},  # type: ignore[index]
    "an unknown scope": HOOK | {"rules": [HOOK["rules"][0] | {"scope": "Some"}]},  # type: ignore[index]
    "a bad selector": HOOK | {"objectSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
}

STORIES = (
    story(
        "limits",
        post(
            "defaults",
            f"{NAMESPACE}/limitranges",
            limit_range(
                "a",
                {
                    "type": "Container",
                    "default": {"cpu": "500m", "memory": "512Mi"},
                    "defaultRequest": {"cpu": "100m"},
                    "min": {"cpu": "50m", "memory": "4Mi"},
                    "max": {"cpu": "1", "memory": "1Gi"},
                    "maxLimitRequestRatio": {"cpu": "5"},
                },
            ),
        ),
        post("gets defaults", f"{PODS}?dryRun=All", pod(initContainers=[using({"cpu": "200m"}, name="i")])),
        dry("below", PODS, pod(containers=[using({"cpu": "10m"}, {"cpu": "40m", "memory": "1Mi"})])),
        dry("above", PODS, pod(containers=[using({"cpu": "1500m"}, {"cpu": "2", "memory": "2Gi"})])),
        dry("apart", PODS, pod(containers=[using({"cpu": "100m"}, {"cpu": "700m"})])),
        dry("several", PODS, pod(containers=[using({"cpu": "1m"}), using({}, {"cpu": "9"}, name="d")])),
    ),
    story(
        "limits of pods and claims",
        post(
            "bounds",
            f"{NAMESPACE}/limitranges",
            limit_range(
                "a",
                {"type": "Pod", "max": {"cpu": "1"}, "min": {"memory": "64Mi"}},
                {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}},
            ),
        ),
        dry("nothing said", PODS, pod()),
        dry(
            "too much together",
            PODS,
            pod(containers=[using({"memory": "1Gi"}, {"cpu": "600m"}), using({}, {"cpu": "600m"}, "d")]),
        ),
        dry("small claim", f"{NAMESPACE}/persistentvolumeclaims", claim("512Mi")),
        dry("large claim", f"{NAMESPACE}/persistentvolumeclaims", claim("3Gi")),
    ),
    story(
        "quota of pods",
        *quota("q", {"pods": "1", "requests.cpu": "1", "limits.memory": "1Gi"}),
        dry("says nothing", PODS, pod()),
        dry("asks too much", PODS, pod(containers=[using({"cpu": "1500m"}, {"memory": "2Gi"})])),
        post(
            "fits",
            PODS,
            pod(containers=[using({"cpu": "500m"}, {"memory": "512Mi"})]),
            only=("kind", "message"),
        ),
        dry("one too many", PODS, pod("r", containers=[using({"cpu": "500m"}, {"memory": "512Mi"})])),
        dry(
            "too much beside the other",
            PODS,
            pod("r", containers=[using({"cpu": "600m"}, {"memory": "600Mi"})]),
        ),
    ),
    story(
        "quota of other things",
        *quota(
            "q",
            {
                "count/configmaps": "1",
                "secrets": "0",
                "services.nodeports": "1",
                "services.loadbalancers": "0",
                "requests.storage": "1Gi",
                "persistentvolumeclaims": "5",
                "count/deployments.apps": "0",
            },
        ),
        post("a config map", CONFIG_MAPS, config_map("a"), only=("kind", "message")),
        dry("a second", CONFIG_MAPS, config_map("b")),
        dry(
            "a secret",
            f"{NAMESPACE}/secrets",
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}},
        ),
        dry("a claim", f"{NAMESPACE}/persistentvolumeclaims", claim("2Gi")),
        dry(
            "node ports",
            f"{NAMESPACE}/services",
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "s"},
                "spec": {"type": "NodePort", "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]},
            },
        ),
        dry("a deployment", "/apis/apps/v1/namespaces/<ns>/deployments", deployment(pod()["spec"])),
    ),
    story(
        "scopes",
        *quota("best-effort", {"pods": "0"}, scopes=["BestEffort"]),
        *quota("ending", {"pods": "0"}, scopes=["Terminating"]),
        *quota(
            "high",
            {"pods": "0"},
            scopeSelector={
                "matchExpressions": [
                    {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}
                ]
            },
        ),
        dry("best effort", PODS, pod()),
        dry("burstable", PODS, pod(containers=[using({"cpu": "1"})])),
        dry("with a deadline", PODS, pod(containers=[using({"cpu": "1"})], activeDeadlineSeconds=5)),
    ),
    story(
        "restricted",
        labelled("enforce", enforce="restricted"),
        *(dry(name, PODS, obj) for name, obj in UNSAFE.items()),
        post(
            "a template",
            "/apis/apps/v1/namespaces/<ns>/deployments?dryRun=All",
            deployment(pod()["spec"]),
            only=("message",),
        ),
    ),
    story(
        "baseline",
        labelled("enforce", enforce="baseline", warn="restricted", warn_version="v1.24"),
        *(dry(name, PODS, obj) for name, obj in UNSAFE.items()),
    ),
    story(
        "baseline of old",
        labelled("enforce", enforce="baseline", enforce_version="v1.18"),
        *(dry(name, PODS, obj) for name, obj in UNSAFE.items()),
        dry(
            "annotated",
            PODS,
            pod(metadata={"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}}),
        ),
    ),
    story(
        "labels of namespaces",
        post("a pod", PODS, pod(), only=("kind",)),
        post("another", PODS, pod("q", hostNetwork=True), only=("kind",)),
        labelled("unknown level", enforce="strict"),
        labelled("unknown version", warn_version="1.2", audit_version="v2.1"),
        labelled("stricter", enforce="restricted"),
        labelled("wider", enforce="baseline"),
        labelled("none", enforce=None),
    ),
    story(
        "webhooks that cannot be asked",
        post(
            "a mutating one",
            f"{WEBHOOKS}/mutatingwebhookconfigurations",
            hooks("Mutating", "corpus-m", HOOK),
            only=("webhooks.0.timeoutSeconds",),
        ),
        dry("mutated", CONFIG_MAPS, config_map("a")),
        delete("no mutating one", f"{WEBHOOKS}/mutatingwebhookconfigurations/corpus-m", only=("status",)),
        post(
            "a validating one",
            f"{WEBHOOKS}/validatingwebhookconfigurations",
            hooks("Validating", "corpus-v", HOOK),
            only=("webhooks.0.matchPolicy",),
        ),
        dry("validated", CONFIG_MAPS, config_map("a")),
        patch(
            "that has side effects",
            f"{WEBHOOKS}/validatingwebhookconfigurations/corpus-v",
            {
                "webhooks": [
                    {"name": "x.example.com", "sideEffects": "NoneOnDryRun", "failurePolicy": "Ignore"}
                ]
            },
            STRATEGIC,
            only=("webhooks.0.failurePolicy",),
        ),
        post("passed over", CONFIG_MAPS, config_map("a"), only=("kind", "message")),
        delete("no validating one", f"{WEBHOOKS}/validatingwebhookconfigurations/corpus-v", only=("status",)),
    ),
    story(
        "configurations of webhooks",
        *(
            post(
                f"{kind}: {name}",
                f"{WEBHOOKS}/{kind.lower()}webhookconfigurations?dryRun=All",
                hooks(kind, "corpus-w", hook),
            )
            for kind in ("Mutating", "Validating")
            for name, hook in {"good": HOOK, **WRONG_HOOKS}.items()
        ),
        post(
            "twice one name",
            f"{WEBHOOKS}/validatingwebhookconfigurations?dryRun=All",
            hooks("Validating", "corpus-w", HOOK, HOOK),
        ),
    ),
    story(
        "classes",
        dry("no such priority", PODS, pod(priorityClassName="none")),
        post(
            "a critical pod",
            f"{PODS}?dryRun=All",
            pod(priorityClassName="system-node-critical"),
            only=("spec.priority", "spec.preemptionPolicy", "message"),
        ),
        dry("another number", PODS, pod(priority=5)),
        dry("no such runtime", PODS, pod(runtimeClassName="none")),
        dry("no such account", PODS, pod(serviceAccountName="none")),
        post(
            "a runtime",
            "/apis/node.k8s.io/v1/runtimeclasses",
            {
                "apiVersion": "node.k8s.io/v1",
                "kind": "RuntimeClass",
                "metadata": {"name": "corpus-r"},
                "handler": "h",
                "overhead": {"podFixed": {"cpu": "250m"}},
                "scheduling": {
                    "nodeSelector": {"a": "b"},
                    "tolerations": [{"key": "k", "operator": "Exists"}],
                },
            },
            only=("handler",),
        ),
        post(
            "a pod of it",
            f"{PODS}?dryRun=All",
            pod(runtimeClassName="corpus-r"),
            only=("spec.overhead", "spec.nodeSelector", "spec.tolerations", "message"),
        ),
        dry("another overhead", PODS, pod(runtimeClassName="corpus-r", overhead={"cpu": "1"})),
        dry("another node", PODS, pod(runtimeClassName="corpus-r", nodeSelector={"a": "c"})),
        dry("overhead without", PODS, pod(overhead={"cpu": "1"})),
        delete("no runtime", "/apis/node.k8s.io/v1/runtimeclasses/corpus-r", only=("status",)),
        post(
            "a node",
            "/api/v1/nodes",
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "corpus-n"}},
            only=("spec",),
        ),
        delete("no node", "/api/v1/nodes/corpus-n", only=("status",)),
        dry(
            "two default priorities",
            "/apis/scheduling.k8s.io/v1/priorityclasses",
            {
                "apiVersion": "scheduling.k8s.io/v1",
                "kind": "PriorityClass",
                "metadata": {"name": "corpus-p"},
                "value": 1,
                "globalDefault": True,
            },
        ),
        post(
            "a default ingress class",
            "/apis/networking.k8s.io/v1/ingressclasses",
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "IngressClass",
                "metadata": {
                    "name": "corpus-i",
                    "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
                },
                "spec": {"controller": "a.b/c"},
            },
            only=("kind",),
        ),
        post(
            "an ingress without class",
            "/apis/networking.k8s.io/v1/namespaces/<ns>/ingresses?dryRun=All",
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "i"},
                "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 1}}}},
            },
            only=("spec.ingressClassName", "message"),
        ),
        delete("no ingress class", "/apis/networking.k8s.io/v1/ingressclasses/corpus-i", only=("status",)),
    ),
    story(
        "growing claims",
        post("a claim", f"{NAMESPACE}/persistentvolumeclaims", claim("1Gi"), only=("kind",)),
        patch(
            "it is bound",
            f"{NAMESPACE}/persistentvolumeclaims/v/status",
            {"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}},
            only=("status.phase",),
        ),
        patch(
            "it grows",
            f"{NAMESPACE}/persistentvolumeclaims/v",
            {"spec": {"resources": {"requests": {"storage": "2Gi"}}}},
            only=("message", "reason", "details"),
        ),
        get("it is as it was", f"{NAMESPACE}/persistentvolumeclaims/v", only=("spec.resources",)),
    ),
)
