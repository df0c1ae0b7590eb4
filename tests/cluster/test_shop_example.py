"""The shop: the commands of its README, as an operator types them, one shell for all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.cluster import CACHE, EXAMPLES, NEWEST, Cluster

ROOT = EXAMPLES.parent
README = EXAMPLES / "shop" / "README.md"


def steps() -> dict[str, str]:
    """The commands below each headline."""
    parts = re.split(r"^## (.+)$", README.read_text(), flags=re.MULTILINE)[1:]
    blocks = (re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE) for text in parts[1::2])
    return {title: "".join(block) for title, block in zip(parts[::2], blocks, strict=True)}


@pytest.fixture(scope="module")
def images() -> None:
    made = subprocess.run(["scripts/shop-images"], cwd=ROOT, check=False, capture_output=True, text=True)
    if made.returncode and "apt-get" in made.stderr:
        pytest.skip(f"the shop's packages cannot be fetched: {made.stderr.strip()}")
    assert made.returncode == 0, made.stderr


class Operator:
    """A person with a shell, whose variables last from step to step."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._state = folder / "variables"
        self._state.touch()
        (folder / "proa").write_text(f'#!/bin/sh\nexec {sys.executable} -m proa "$@"\n')
        (folder / "proa").chmod(0o755)
        paths = (str(folder), str(CACHE / f"kubectl-{NEWEST}"), os.environ["PATH"])
        self._environment = cluster.environment | {"PATH": ":".join(paths)}

    def types(self, commands: str) -> str:
        """What the commands print; each must succeed."""
        script = f"set -eu\n. {self._state}\n{commands}\nset | grep ^node= >{self._state} || true\n"
        done = subprocess.run(
            ["bash", "-c", script],
            check=False,
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}\n{self._cluster.logs()}"
        return done.stdout


def test_an_order_outlives_every_pod(images: None, cluster: Cluster, tmp_path: Path) -> None:
    operator, step = Operator(cluster, tmp_path), steps()
    operator.types(step["Images"])
    try:
        operator.types(step["Start"])
        assert operator.types(step["Order something"]).splitlines() == [
            "order 1: 2 tea for Ada, 9.00",
            "1: 2 tea for Ada",
        ]
        before = {pod["metadata"]["uid"] for pod in cluster.get("pods", "-l", "app=shop")["items"]}
        printed = operator.types(step["Lose every pod"])
        assert printed.splitlines()[-2:] == ["1: 2 tea for Ada", "order 1: 2 tea for Ada, 9.00"]
        after = cluster.get("pods", "-l", "app=shop")["items"]
        assert (len(before), len(after)) == (3, 3)
        assert not before & {pod["metadata"]["uid"] for pod in after}
        assert "tea" in operator.types(step["Look inside"])
    finally:
        operator.types(step["Remove it"])
    assert not cluster.get("pvc", "-l", "app=shop")["items"]
