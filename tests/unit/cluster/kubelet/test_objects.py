"""Objects that are followed as long as a pod needs them."""

from proa.cluster.kubelet.objects import ObjectCache, Reference
from proa.cluster.kubelet.references import pod_references
from proa.kube import CONFIG_MAPS, SECRETS
from support.kubelet_objects import pod, spec_of
from support.memory_client import MemoryClient
from support.server import eventually

CM = Reference(CONFIG_MAPS, "d", "cm")


async def test_an_object_is_known_when_held_and_told_when_it_changes() -> None:
    memory = MemoryClient()
    told: list[str] = []
    memory.put(CONFIG_MAPS, {"metadata": {"name": "cm", "namespace": "d"}, "data": {"a": "1"}})
    cache = ObjectCache(memory.client, told.append)
    await cache.hold("u1", [CM])
    await cache.hold("u2", [CM])
    assert (cache.get(CM) or {})["data"] == {"a": "1"}
    told.clear()
    memory.put(CONFIG_MAPS, {"metadata": {"name": "cm", "namespace": "d"}, "data": {"a": "2"}})

    async def seen() -> bool:
        return {"u1", "u2"} <= set(told)

    await eventually(seen)
    assert (cache.get(CM) or {})["data"] == {"a": "2"}
    await cache.close()


async def test_an_absent_object_is_known_to_be_absent_and_forgotten_when_released() -> None:
    cache = ObjectCache(MemoryClient().client, lambda _: None)
    await cache.hold("u1", [CM])
    assert cache.get(CM) is None
    cache.release("u1")
    assert cache.get(CM) is None
    await cache.close()


def test_what_a_pod_refers_to() -> None:
    env = [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "s1", "key": "k"}}}]
    sources = [{"secret": {"name": "s5"}}, {"configMap": {"name": "c3"}}]
    found = pod_references(
        pod(
            spec_of("a", env=env, envFrom=[{"configMapRef": {"name": "c1"}}]),
            init=(spec_of("i", envFrom=[{"secretRef": {"name": "s2"}}]),),
            imagePullSecrets=[{"name": "s3"}],
            volumes=[
                {"name": "v", "configMap": {"name": "c2"}},
                {"name": "w", "secret": {"secretName": "s4"}},
                {
                    "name": "p",
                    "projected": {"sources": sources},
                },
                {"name": "e", "emptyDir": {}},
            ],
        )
    )
    names = {SECRETS: ("s1", "s2", "s3", "s4", "s5"), CONFIG_MAPS: ("c1", "c2", "c3")}
    assert found == {Reference(kind, "d", name) for kind, group in names.items() for name in group}
