"""Environment variables of containers."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from proa.cluster.kubelet.environment import Surroundings, environment, service_variables
from proa.cluster.kubelet.expansion import expand
from proa.cluster.kubelet.fields import NodeFacts
from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.problems import ContainerProblem
from proa.kube import CONFIG_MAPS, SECRETS, Object
from support.kubelet_objects import pod, spec_of

STORE: dict[Reference, Object] = {
    Reference(CONFIG_MAPS, "d", "cm"): {"kind": "ConfigMap", "data": {"a": "1", "b": "2", "no=name": "3"}},
    Reference(SECRETS, "d", "sec"): {"kind": "Secret", "data": {"pw": base64.b64encode(b"pass").decode()}},
}
NODE = NodeFacts(("10.0.0.1",), {"cpu": "4", "memory": "8Gi"})
AROUND = Surroundings(lookup=STORE.get, services={"SVC": "s"}, node=NODE, pod_ips=("10.42.0.5",))
POD = pod(metadata={"labels": {"app": "x"}, "annotations": {"k": "v"}}, serviceAccountName="sa")


def variables(*env: Object, **more: Any) -> dict[str, str]:
    return environment(POD, spec_of("main", env=list(env)) | more, AROUND)


EXPANSIONS = {
    "a known name": ("x$(A)y", "x1y"),
    "an unknown name stays": ("$(B)", "$(B)"),
    "a doubled dollar escapes": ("$$(A)", "$(A)"),
    "two of them": ("$$$$", "$$"),
    "an unfinished reference stays": ("$(A", "$(A"),
    "a lone dollar stays": ("5$", "5$"),
    "no recursion": ("$(C)", "$(A)"),
}


@pytest.mark.parametrize(("text", "result"), EXPANSIONS.values(), ids=EXPANSIONS.keys())
def test_expand(text: str, result: str) -> None:
    assert expand(text, {"A": "1", "C": "$(A)"}) == result


SOURCES = {
    "config map key": ({"configMapKeyRef": {"name": "cm", "key": "a"}}, "1"),
    "secret key": ({"secretKeyRef": {"name": "sec", "key": "pw"}}, "pass"),
    "pod name": ({"fieldRef": {"fieldPath": "metadata.name"}}, "web"),
    "label": ({"fieldRef": {"fieldPath": "metadata.labels['app']"}}, "x"),
    "annotation that is missing": ({"fieldRef": {"fieldPath": "metadata.annotations['z']"}}, ""),
    "service account": ({"fieldRef": {"fieldPath": "spec.serviceAccountName"}}, "sa"),
    "pod address": ({"fieldRef": {"fieldPath": "status.podIP"}}, "10.42.0.5"),
    "host address": ({"fieldRef": {"fieldPath": "status.hostIP"}}, "10.0.0.1"),
    "unset limit is the node's": ({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Gi"}}, "8"),
    "unset request is zero": ({"resourceFieldRef": {"resource": "requests.cpu"}}, "0"),
}


@pytest.mark.parametrize(("source", "value"), SOURCES.values(), ids=SOURCES.keys())
def test_value_from(source: Object, value: str) -> None:
    assert variables({"name": "X", "valueFrom": source})["X"] == value


def test_a_divided_amount_is_rounded_up() -> None:
    limited = spec_of("main", resources={"limits": {"cpu": "1500m"}})
    limited["env"] = [{"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]
    assert environment(POD, limited, AROUND)["X"] == "2"


def test_later_sources_win_and_see_earlier_ones() -> None:
    result = variables(
        {"name": "SVC", "value": "mine"},
        {"name": "Y", "value": "$(C_a)-$(SVC)"},
        envFrom=[{"configMapRef": {"name": "cm"}, "prefix": "C_"}, {"secretRef": {"name": "sec"}}],
    )
    assert result == {"SVC": "mine", "C_a": "1", "C_b": "2", "pw": "pass", "Y": "1-mine"}


MISSING = {
    "object": ({"configMapKeyRef": {"name": "no", "key": "a"}}, 'configmap "no" not found'),
    "key": ({"configMapKeyRef": {"name": "cm", "key": "z"}}, "couldn't find key z in ConfigMap d/cm"),
}


@pytest.mark.parametrize(("source", "message"), MISSING.values(), ids=MISSING.keys())
def test_a_missing_source_is_named(source: Object, message: str) -> None:
    with pytest.raises(ContainerProblem) as caught:
        variables({"name": "X", "valueFrom": source})
    assert (caught.value.reason, caught.value.message) == ("CreateContainerConfigError", message)


def test_an_optional_source_may_be_missing() -> None:
    reference = {"name": "no", "key": "a", "optional": True}
    assert "X" not in variables({"name": "X", "valueFrom": {"configMapKeyRef": reference}})


def _service(name: str, namespace: str, address: str = "10.43.0.7") -> Object:
    ports = [{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": address, "ports": ports},
    }


def test_services_of_the_namespace_are_linked() -> None:
    services = [_service("my-db", "d"), _service("other", "e"), _service("headless", "d", "None")]
    result = service_variables([*services, _service("kubernetes", "default")], "d", links=True)
    assert result["MY_DB_SERVICE_HOST"] == "10.43.0.7"
    assert result["MY_DB_SERVICE_PORT"] == result["MY_DB_SERVICE_PORT_HTTP"] == "80"
    assert result["MY_DB_PORT_53_UDP"] == "udp://10.43.0.7:53"
    assert result["MY_DB_PORT_80_TCP_ADDR"] == "10.43.0.7"
    assert result["KUBERNETES_SERVICE_HOST"] == "10.43.0.7"
    assert not [name for name in result if name.startswith(("OTHER", "HEADLESS"))]


def test_without_links_only_the_api_server_is_known() -> None:
    services = [_service("db", "d"), _service("kubernetes", "default")]
    result = service_variables(services, "d", links=False)
    assert result
    assert all(name.startswith("KUBERNETES_") for name in result)


def test_an_unset_limit_is_the_pods_if_it_has_one() -> None:
    whole = pod(resources={"limits": {"memory": "64Mi"}})
    entry = {"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}
    assert environment(whole, spec_of("main", env=[entry]), AROUND)["X"] == str(64 << 20)


def test_values_in_files_of_volumes() -> None:
    texts = {("v", "env"): "A='1'\n", ("v", "bad"): "A=1\n"}
    around = replace(AROUND, read=lambda volume, path: texts.get((volume, path)))

    def found(volume: str, path: str, key: str, **more: Any) -> str | None:
        reference = {"volumeName": volume, "path": path, "key": key, **more}
        entry = {"name": "X", "valueFrom": {"fileKeyRef": reference}}
        return environment(POD, spec_of("main", env=[entry]), around).get("X")

    assert found("v", "env", "A") == "1"
    assert found("v", "env", "B", optional=True) is None
    for volume, path, key, words in (
        ("v", "env", "B", 'key "B" not found in file "env"'),
        ("v", "bad", "A", "couldn't parse env file: line 1"),
        ("w", "env", "A", 'cannot find the volume "w"'),
    ):
        with pytest.raises(ContainerProblem, match=words):
            found(volume, path, key)
