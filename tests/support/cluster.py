"""A cluster of its own for the tests: other folders than a user's, the usual ports, the real kubectl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CACHE = Path(os.environ.get("PROA_CACHE", "/var/cache/proa"))
VERSIONS = ("1.37", "1.36", "1.34", "1.32")
NEWEST, OLDER = "1.37", "1.34"
EXAMPLES = Path(__file__).parents[2] / "examples"
Result = subprocess.CompletedProcess[str]


class Cluster:
    """`proa up` and `proa down` in folders below `home`, and kubectl against it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data, self.run, self.kubeconfig = home / "data", home / "run", home / "kubeconfig"
        self._mode: tuple[str, ...] | None = None
        self.environment = os.environ | {
            "PROA_DATA_DIR": str(self.data),
            "PROA_RUN_DIR": str(self.run),
            "PROA_WRITE_KUBECONFIG": str(self.kubeconfig),
            "KUBECONFIG": str(self.kubeconfig),
        }

    def proa(self, *arguments: str, check: bool = True) -> Result:
        return self._execute([sys.executable, "-m", "proa", *arguments], check=check)

    @property
    def server(self) -> str:
        """The address of the API server."""
        lines = self.kubeconfig.read_text().splitlines()
        return next(line.split()[1] for line in lines if line.strip().startswith("server:"))

    def ensure(self, *flags: str) -> None:
        """The cluster runs with just these flags of `proa up`; one with others is thrown away."""
        if self._mode == flags:
            return
        self.throw_away()
        self.proa("up", *flags)
        self._mode = flags

    def throw_away(self) -> None:
        if self.home.exists():
            self._mode = None
            self.proa("down", "--purge")

    def kubectl(
        self, *arguments: str, version: str = NEWEST, text: str | None = None, check: bool = True
    ) -> Result:
        program = CACHE / f"kubectl-{version}" / "kubectl"
        return self._execute([str(program), *arguments], text=text, check=check)

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or list, decoded."""
        decoded: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)
        return decoded

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create these objects."""
        self.kubectl("create", "-f", "-", text="\n---\n".join(map(json.dumps, objects)))

    def wait(self, what: str, condition: str, namespace: str = "default", seconds: int = 60) -> None:
        self.kubectl("wait", "-n", namespace, f"--for={condition}", what, f"--timeout={seconds}s")

    def pod_address(self, name: str, namespace: str = "default") -> str:
        return str(self.get("pod", name, "-n", namespace)["status"]["podIP"])

    def events(self, name: str, namespace: str = "default") -> list[tuple[str, str]]:
        """Reason and message of each event about an object of that name."""
        found = self.get("events", "-n", namespace, f"--field-selector=involvedObject.name={name}")
        return [(event["reason"], event["message"]) for event in found["items"]]

    @contextmanager
    def namespace(self, name: str) -> Iterator[str]:
        """A namespace that ends with the block."""
        self.kubectl("create", "namespace", name)
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--timeout=60s")

    def logs(self) -> str:
        """The last lines of our own parts' logs."""
        files = [*(self.data / "log").glob("server.log"), *sorted((self.data / "log").glob("agent-*.log"))]
        return "\n".join(f"== {file.name}\n{file.read_text(errors='replace')[-1500:]}" for file in files)

    def _execute(self, command: list[str], *, text: str | None = None, check: bool = True) -> Result:
        result = subprocess.run(
            command,
            check=False,
            input=text or "",
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=180,
        )
        if check and result.returncode:
            words = " ".join(command)
            raise AssertionError(
                f"{words}: exit code {result.returncode}\n{result.stdout}{result.stderr}\n{self.logs()}"
            )
        return result


def pod(name: str, *command: str, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    """A pod of one busybox container."""
    mounts = spec.pop("mounts", [])
    container = {
        "name": "main",
        "image": spec.pop("image", "busybox:stable"),
        "command": list(command) or ["sleep", "1000000"],
        "volumeMounts": mounts,
        "resources": spec.pop("resources", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **spec},
    }


def eventually(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Returns as soon as `condition` is true; it may fail with an AssertionError until then."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
            failure = AssertionError("the expected state did not come")
        except (AssertionError, OSError) as error:
            failure = error if isinstance(error, AssertionError) else AssertionError(repr(error))
        if time.monotonic() > deadline:
            raise failure
        time.sleep(0.1)


def http_get(address: str, path: str = "/") -> str:
    with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as response:
        return str(response.read().decode())
