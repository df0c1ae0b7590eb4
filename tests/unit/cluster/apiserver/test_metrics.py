"""The page of metrics."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def test_requests_and_objects_are_counted(http: Any, anonymous: Any) -> None:
    for name in ("a", "b"):
        await http("POST", CONFIG_MAPS, {"metadata": {"name": name}})
    await http("GET", f"{CONFIG_MAPS}/none")
    page = await http("GET", "/metrics")

    samples = {
        (s.name, s.labels.get("verb"), s.labels.get("code"), s.labels.get("resource")): s.value
        for family in text_string_to_metric_families(page.body)
        for s in family.samples
    }
    assert samples["apiserver_request_total", "CREATE", "201", "configmaps"] == 2
    assert samples["apiserver_request_total", "GET", "404", "configmaps"] == 1
    assert samples["apiserver_request_duration_seconds_count", "CREATE", None, "configmaps"] == 2
    assert samples["apiserver_resource_objects", None, None, "configmaps"] >= 2
    assert (await anonymous("GET", "/metrics")).status == 403


async def test_health_is_told_as_metrics_too(http: Any, anonymous: Any) -> None:
    await http("GET", "/livez")
    page = await http("GET", "/metrics/slis")

    samples = {
        (s.name, s.labels["type"], s.labels["name"], s.labels.get("status")): s.value
        for family in text_string_to_metric_families(page.body)
        for s in family.samples
    }
    assert samples["kubernetes_healthcheck", "readyz", "etcd", None] == 1
    assert samples["kubernetes_healthchecks_total", "livez", "etcd", "success"] == 2
    assert (await anonymous("GET", "/metrics/slis")).status == 403
