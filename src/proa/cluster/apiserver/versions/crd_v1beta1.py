"""CustomResourceDefinition of apiextensions.k8s.io/v1beta1: one schema and columns for all versions. Pure.

Source: apiextensions-apiserver pkg/apis/apiextensions/v1beta1/conversion.go.
"""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.versions.conversion import PureConversion
from proa.kube.resources import Object

_OLD, _TODAY = "apiextensions.k8s.io/v1beta1", "apiextensions.k8s.io/v1"
_COMMON = ("validation", "subresources", "additionalPrinterColumns")
_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def store(definition: Object) -> Object:
    """Today's definition: what stood once for all versions stands in each."""
    spec = definition.get("spec") or {}
    new = {
        name: value
        for name, value in spec.items()
        if name not in (*_COMMON, "version", "versions", "preserveUnknownFields", "conversion")
    }
    named = spec.get("versions") or [{"name": spec.get("version", "v1"), "served": True, "storage": True}]
    new["versions"] = [_stored_version(version, spec) for version in named]
    new["scope"] = spec.get("scope") or "Namespaced"
    if spec.get("conversion"):
        new["conversion"] = _stored_conversion(spec["conversion"])
    return {**definition, "apiVersion": _TODAY, "spec": new}


def _stored_version(version: Object, spec: Object) -> Object:
    kept = {name: value for name, value in version.items() if name != "additionalPrinterColumns"}
    columns = version.get("additionalPrinterColumns", spec.get("additionalPrinterColumns"))
    if columns:
        kept["additionalPrinterColumns"] = [_renamed(column, "JSONPath", "jsonPath") for column in columns]
    subresources = version.get("subresources", spec.get("subresources"))
    if subresources is not None:
        kept["subresources"] = subresources
    schema = ((version.get("schema") or spec.get("validation") or {}).get("openAPIV3Schema")) or _ANYTHING
    kept["schema"] = {"openAPIV3Schema": _open(schema) if spec.get("preserveUnknownFields", True) else schema}
    return kept


def _open(schema: Object) -> Object:
    """Objects of old definitions keep fields that their schema does not know, unless told otherwise."""
    return {"type": "object", **schema, "x-kubernetes-preserve-unknown-fields": True}


def _stored_conversion(conversion: Object) -> Object:
    new: dict[str, Any] = {"strategy": conversion.get("strategy", "None")}
    if new["strategy"] == "Webhook":
        new["webhook"] = {
            "clientConfig": conversion.get("webhookClientConfig"),
            "conversionReviewVersions": conversion.get("conversionReviewVersions") or ["v1beta1"],
        }
    return new


def show(definition: Object) -> Object:
    """A definition as v1beta1 has it: versions keep what is theirs."""
    spec = definition.get("spec") or {}
    versions = [_shown_version(version) for version in spec.get("versions") or ()]
    new = {**spec, "versions": versions, "preserveUnknownFields": False}
    if versions:
        new["version"] = versions[0]["name"]
    if (conversion := spec.get("conversion") or {}).get("webhook"):
        webhook = conversion["webhook"]
        new["conversion"] = {
            "strategy": "Webhook",
            "webhookClientConfig": webhook.get("clientConfig"),
            "conversionReviewVersions": webhook.get("conversionReviewVersions"),
        }
    return {**definition, "apiVersion": _OLD, "spec": new}


def _shown_version(version: Object) -> Object:
    columns = version.get("additionalPrinterColumns")
    shown = (
        {"additionalPrinterColumns": [_renamed(c, "jsonPath", "JSONPath") for c in columns]}
        if columns
        else {}
    )
    return {**version, **shown}


def _renamed(column: Object, old: str, new: str) -> Object:
    return {new if name == old else name: value for name, value in column.items()}


CONVERSION = PureConversion(show, store)
