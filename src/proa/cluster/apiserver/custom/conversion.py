"""From one version of a custom resource to another: only the name changes, or a webhook does it.

Source: kubernetes.io, versions in custom resource definitions; apiextensions-apiserver, apiserver/conversion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from proa.cluster.apiserver.metadata import new_uid
from proa.cluster.apiserver.webhooks import CallFailed, WebhookCaller
from proa.errors import InternalError
from proa.kube.resources import Object

_SECONDS = 30.0
_KEPT = {"name": "name", "namespace": "namespace", "uid": "UID"}


class Converter(Protocol):
    """Changes the version of objects."""

    async def convert(self, objects: Sequence[Object], api_version: str) -> list[Object]:
        """The objects in another version, in their order. Raises InternalError."""


class Renaming:
    """The strategy None: only apiVersion differs."""

    async def convert(self, objects: Sequence[Object], api_version: str) -> list[Object]:
        return [{**obj, "apiVersion": api_version} for obj in objects]


class Webhook:
    """The strategy Webhook: a ConversionReview for all objects at once."""

    def __init__(self, caller: WebhookCaller, kind: str, webhook: Mapping[str, Any]) -> None:
        self._caller = caller
        self._kind = kind
        self._config: Mapping[str, Any] = webhook["clientConfig"]
        known = [v for v in webhook.get("conversionReviewVersions") or () if v in ("v1", "v1beta1")]
        self._version = known[0] if known else "v1"

    async def convert(self, objects: Sequence[Object], api_version: str) -> list[Object]:
        asked = [obj for obj in objects if obj["apiVersion"] != api_version]
        if not asked:
            return list(objects)
        answered = iter(await self._ask(asked, api_version))
        return [obj if obj["apiVersion"] == api_version else next(answered) for obj in objects]

    async def _ask(self, objects: list[Object], api_version: str) -> list[Object]:
        uid = new_uid()
        request = {"uid": uid, "desiredAPIVersion": api_version, "objects": objects}
        version = f"apiextensions.k8s.io/{self._version}"
        review = {"kind": "ConversionReview", "apiVersion": version, "request": request}
        try:
            answer = await self._caller.post(self._config, review, _SECONDS)
        except CallFailed as error:
            raise self._failed(objects, str(error)) from error
        problem, converted = read_answer(answer, uid, objects, api_version)
        if problem:
            raise self._wrong(objects, problem)
        return converted

    def _failed(self, objects: list[Object], why: str) -> InternalError:
        return self._wrong(objects, f"failed: {why}")

    def _wrong(self, objects: list[Object], what: str) -> InternalError:
        message = f"conversion webhook for {objects[0]['apiVersion']}, Kind={self._kind} {what}"
        return InternalError(message, {"causes": [{"message": message}]})


def read_answer(
    answer: Object, uid: str, asked: Sequence[Object], api_version: str
) -> tuple[str, list[Object]]:
    """(problem, converted objects) of a ConversionReview. What only the server owns stays as it was."""
    response = answer.get("response")
    if not isinstance(response, dict):
        return "failed: no response provided", []
    if response.get("uid") != uid:
        return f'failed: expected response.uid="{uid}", got "{response.get("uid", "")}"', []
    result = response.get("result") or {}
    if (status := result.get("status") or "") != "Success":
        why = result.get("message") or f"response.result.status was '{status}', not 'Success'"
        return f"failed: {why}", []
    converted = response.get("convertedObjects") or []
    if len(converted) != len(asked):
        return f"returned {len(converted)} objects, expected {len(asked)}", []
    for index, (new, old) in enumerate(zip(converted, asked, strict=True)):
        if problem := _strangeness(new, old, api_version):
            return f"returned invalid object at index {index}: {problem}", []
        if problem := _difference(_metadata_of(new), old["metadata"]):
            return f"returned invalid object: {problem}", []
        new["metadata"] = _metadata(_metadata_of(new), old["metadata"])
    return "", converted


def _strangeness(new: Any, old: Object, api_version: str) -> str:
    """Why this is no object of the kind in that version."""
    if not isinstance(new, dict):
        return "it is no JSON object"
    if new.get("apiVersion") != api_version:
        return f"invalid groupVersion (expected {api_version}, received {new.get('apiVersion')})"
    if new.get("kind") != old["kind"]:
        return f"invalid kind (expected {old['kind']}, received {new.get('kind')})"
    return ""


def _difference(new: Object, old: Object) -> str:
    """Why these are the metadata of another object."""
    for name, shown in _KEPT.items():
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            return f"must have the same {shown}: {before} != {after}"
    return ""


def _metadata_of(obj: Object) -> Object:
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _metadata(new: Object, old: Object) -> Object:
    """Of the metadata a conversion may only change labels and annotations."""
    changeable = ("labels", "annotations")
    kept = {name: value for name, value in old.items() if name not in changeable}
    return kept | {name: new[name] for name in changeable if new.get(name)}
