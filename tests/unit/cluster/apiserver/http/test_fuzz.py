"""Requests made of the server's own OpenAPI documents, right and nearly right: never a 500, never a stall."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from proa.cluster.apiserver import ApiServer
from support.openapi_requests import requests
from support.wire import administrator, exchange

_LEFT_OUT = ("admissionregistration", "apiregistration")
"""Groups whose objects name other servers, which are then asked in vain."""


async def _documents(http: Any) -> list[dict[str, Any]]:
    index = (await http("GET", "/openapi/v3")).body["paths"]
    wanted = [path for path in index if not any(name in path for name in _LEFT_OUT)]
    return [(await http("GET", f"/openapi/v3/{path}")).body for path in wanted]


async def test_no_request_makes_the_server_fail(server: ApiServer, http: Any, tmp_path: Path) -> None:
    trust, documents = administrator(tmp_path), await _documents(http)
    made = list[Any]()

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.builds(made.append, requests(documents)))
    def collect(_: None) -> None:
        pass

    collect()
    failed = {}
    for request in made:
        raw = await exchange(server, trust, request.encode())
        if raw.code == 0 or raw.code >= 500:
            failed[f"{request.method} {request.path}"] = (raw.code, json.dumps(str(request.body)[:500]))

    assert len(made) >= 150
    assert failed == {}
