"""Custom resources as people use them: with each kubectl that is in use, against an API server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proa.cluster.apiserver import ApiServer
from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf, write_kubeconfig
from support.cluster import VERSIONS
from support.kubectl import Answer, Kubectl
from support.server import api_server

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ships.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: ships, kind: Ship, shortNames: [sh], categories: [fleet]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources:
        status: {}
        scale: {specReplicasPath: .spec.masts, statusReplicasPath: .status.masts}
      additionalPrinterColumns:
        - {name: Masts, type: integer, jsonPath: .spec.masts}
        - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
      schema:
        openAPIV3Schema:
          type: object
          description: A ship of the line.
          properties:
            spec:
              type: object
              description: What it should be.
              properties:
                masts: {type: integer, minimum: 1, default: 3, description: How many masts it has.}
                crew:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items:
                    type: object
                    required: [name]
                    properties: {name: {type: string}, rank: {type: string}}
              x-kubernetes-validations:
                - {rule: "self.masts <= 5", message: no ship has that many}
            status:
              type: object
              properties: {masts: {type: integer}}
    - name: v1beta1
      served: true
      storage: false
      deprecated: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
SHIP = """
apiVersion: example.com/v1
kind: Ship
metadata: {name: victory, namespace: default}
spec: {crew: [{name: nelson, rank: admiral}]}
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with api_server(tmp_path) as started:
        yield started


@pytest.fixture(params=VERSIONS)
def kubectl(server: ApiServer, tmp_path: Path, request: pytest.FixtureRequest) -> Kubectl:
    authority, pair = Authority.open(tmp_path), KeyPair(tmp_path / "ann.crt", tmp_path / "ann.key")
    authority.issue(Leaf("ann", ("system:masters",)), pair)
    url = f"https://127.0.0.1:{server.port}"
    write_kubeconfig(tmp_path / "kubeconfig", url, authority.files.certificate, pair, "ann")
    return Kubectl(tmp_path / "kubeconfig", str(request.param))


async def do(kubectl: Kubectl, *arguments: str, text: str = "") -> str:
    """What a command prints that must succeed."""
    answer = await kubectl.run(*arguments, text=text.encode())
    assert answer.code == 0, answer.stderr
    return answer.stdout.decode()


async def refused(kubectl: Kubectl, *arguments: str, text: str = "") -> Answer:
    answer = await kubectl.run(*arguments, text=text.encode())
    assert answer.code != 0
    return answer


async def test_a_kind_is_defined_used_and_deleted(kubectl: Kubectl) -> None:
    await do(kubectl, "apply", "-f", "-", text=DEFINITION)
    await do(kubectl, "wait", "--for=condition=Established", "crd/ships.example.com", "--timeout=10s")
    await do(kubectl, "create", "-f", "-", text=SHIP)
    assert (await do(kubectl, "get", "sh")).split()[:5] == ["NAME", "MASTS", "AGE", "victory", "3"]
    assert "victory" in await do(kubectl, "get", "fleet")
    assert "How many masts it has." in await do(kubectl, "explain", "ship.spec.masts")
    await do(kubectl, "scale", "ship/victory", "--replicas=4")
    status = ("--subresource=status", "--type=merge", "-p", '{"status":{"masts":4}}')
    await do(kubectl, "patch", "ship", "victory", *status)
    more = SHIP.replace("{name: nelson, rank: admiral}", "{name: hardy}")
    await do(kubectl, "apply", "--server-side", "--field-manager=two", "-f", "-", text=more)
    ship = json.loads(await do(kubectl, "get", "ship", "victory", "-o", "json"))
    assert [sailor["name"] for sailor in ship["spec"]["crew"]] == ["nelson", "hardy"]
    assert (ship["spec"]["masts"], ship["status"]["masts"]) == (4, 4)
    answer = await refused(kubectl, "scale", "ship/victory", "--replicas=9")
    assert "no ship has that many" in answer.stderr
    answer = await refused(kubectl, "apply", "-f", "-", text=SHIP.replace("spec: {", "spec: {sails: 2, "))
    assert 'unknown field "spec.sails"' in answer.stderr
    answer = await kubectl.run("get", "ships.v1beta1.example.com", "victory", "-o", "jsonpath={.apiVersion}")
    assert answer.stdout == b"example.com/v1beta1"
    assert "example.com/v1beta1 Ship is deprecated; use example.com/v1 Ship" in answer.stderr
    await do(kubectl, "delete", "crd", "ships.example.com")
    answer = await refused(kubectl, "get", "ships")
    assert "NotFound" in answer.stderr
