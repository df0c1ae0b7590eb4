"""ComponentStatuses: the parts of the control plane say how they are when they are asked."""

from __future__ import annotations

from pathlib import Path

from support.server import api_server, session

PATH = "/api/v1/componentstatuses"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


async def test_each_part_is_asked_when_it_is_shown(tmp_path: Path) -> None:
    problem = ""
    async with api_server(tmp_path) as server, session(server, tmp_path, "admin", "system:masters") as api:
        server.components.add("scheduler", lambda: problem)

        listed = await (await api.get(PATH)).json()
        problem = "not started"
        one = await api.get(f"{PATH}/scheduler")
        shown = await one.json()
        table = await (await api.get(PATH, headers=TABLE)).json()
        nobody = await api.get(f"{PATH}/nobody")
        made = await api.post(PATH, json={"metadata": {"name": "x"}})

    assert listed["kind"] == "ComponentStatusList"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["etcd-0", "scheduler"]
    assert listed["items"][1]["conditions"] == [{"type": "Healthy", "status": "True", "message": "ok"}]
    assert shown["conditions"] == [{"type": "Healthy", "status": "False", "message": "not started"}]
    assert one.headers["Warning"] == '299 - "v1 ComponentStatus is deprecated in v1.19+"'
    assert [row["cells"] for row in table["rows"]] == [
        ["etcd-0", "Healthy", "ok", ""],
        ["scheduler", "Unhealthy", "not started", ""],
    ]
    assert (nobody.status, made.status) == (404, 405)
