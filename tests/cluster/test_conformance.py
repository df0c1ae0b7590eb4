"""The conformance tests of Kubernetes that take no time and no images; scripts/conformance runs them all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from conformance.report import outcomes, read
from support.cluster import Cluster
from support.real_kubernetes import missing_programs, program

_MISSING = missing_programs("e2e.test")
_QUICK = (
    "Watchers should be able",
    "Discovery should",
    "server version",
    "Table transformation",
    "Lease lease API",
    "RuntimeClasses API",
    "creating EndpointSlice API",
    "Ingress API",
    "PodTemplates should",
    "Events API",
    "CSINodes",
)
_SLOW = "ServiceAccountIssuerDiscovery"


@pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (scripts/peers {_MISSING})")
def test_quick_conformance_tests_pass(cluster: Cluster, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = subprocess.run(
        [
            program("e2e.test"),
            "--ginkgo.silence-skips",
            f"--ginkgo.focus=({'|'.join(_QUICK)}).*\\[Conformance\\]",
            f"--ginkgo.skip={_SLOW}",
            f"--ginkgo.json-report={report}",
            f"--kubeconfig={cluster.kubeconfig}",
            "--provider=skeleton",
            "--dump-logs-on-failure=false",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    ran = outcomes(read(report)) if report.exists() else []

    assert [outcome for outcome in ran if outcome.state != "passed"] == []
    assert len(ran) >= len(_QUICK), run.stdout[-2000:] + run.stderr[-2000:]
