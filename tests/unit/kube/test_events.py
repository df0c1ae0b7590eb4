from typing import Any, cast

from proa.errors import Forbidden, NotFound
from proa.kube import Client, EventRecorder, Object

POD: Object = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "shop", "uid": "u"}}


class Server:
    def __init__(self) -> None:
        self.created: list[Object] = []
        self.patched: list[Object] = []
        self.forgets = False

    async def create(self, _: Any, obj: Object, namespace: str) -> Object:
        if namespace == "forbidden":
            raise Forbidden("no")
        self.created.append(obj)
        return obj

    async def patch(self, _: Any, name: str, patch: Object, namespace: str) -> Object:
        if self.forgets:
            raise NotFound(name)
        self.patched.append(patch)
        return patch


async def test_the_same_event_is_counted() -> None:
    server = Server()
    recorder = EventRecorder(cast("Client", server), "kubelet", "n1")
    for _ in range(3):
        await recorder.event(POD, "Normal", "Pulled", "present")
    await recorder.event(POD, "Normal", "Pulled", "another")
    await recorder.flush()
    assert [e["message"] for e in server.created] == ["present", "another"]
    assert [p["count"] for p in server.patched] == [2, 3]
    assert server.created[0]["source"] == {"component": "kubelet", "host": "n1"}
    assert server.created[0]["involvedObject"]["uid"] == "u"
    assert server.created[0]["metadata"]["namespace"] == "shop"


async def test_an_expired_event_is_written_anew() -> None:
    server = Server()
    recorder = EventRecorder(cast("Client", server), "kubelet")
    await recorder.event(POD, "Normal", "Pulled", "present")
    await recorder.flush()
    server.forgets = True
    await recorder.event(POD, "Normal", "Pulled", "present")
    await recorder.flush()
    assert [e["count"] for e in server.created] == [1, 1]


async def test_a_refused_event_harms_nobody() -> None:
    server = Server()
    recorder = EventRecorder(cast("Client", server), "kubelet")
    await recorder.event({"metadata": {"name": "x", "namespace": "forbidden"}}, "Normal", "A", "b")
    await recorder.event(POD, "Normal", "Pulled", "present")
    await recorder.flush()
    assert len(server.created) == 1
