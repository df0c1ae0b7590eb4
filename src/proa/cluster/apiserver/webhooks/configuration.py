"""The webhooks that are configured now, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.rules import Rule
from proa.kube.resources import Object, Resource
from proa.kube.selectors import Selector, label_selector

_GROUP = "admissionregistration.k8s.io"
MUTATING = Resource(
    _GROUP, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", namespaced=False
)
VALIDATING = Resource(
    _GROUP, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", namespaced=False
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook of a configuration."""

    configuration: str
    name: str
    uid: str
    client: Mapping[str, Any]
    rules: tuple[Rule, ...]
    namespaces: Selector
    objects: Selector
    conditions: tuple[Mapping[str, str], ...]
    equivalent: bool
    ignores_failure: bool
    seconds: int
    reinvoked: bool
    dry_runs: bool
    """Whether it has no side effects, at least on a dry run."""
    review_version: str
    """The first version of AdmissionReview that both sides know; empty for none."""


class Configurations:
    """All webhooks of one of the two kinds of configurations; read anew when one of these changed."""

    def __init__(self, view: View, resource: Resource) -> None:
        self._view = view
        self._resource = resource
        self._prefix = key_prefix(resource)
        self._revision = -1
        self._webhooks: tuple[Webhook, ...] = ()

    def webhooks(self) -> tuple[Webhook, ...]:
        """By the names of configurations, then as they stand there."""
        revision = self._view.store.touched(self._prefix)
        if revision != self._revision:
            configurations = self._view.list(self._resource)
            self._webhooks = tuple(hook for each in configurations for hook in webhooks_of(each))
            self._revision = revision
        return self._webhooks


def webhooks_of(configuration: Object) -> Iterator[Webhook]:
    """The webhooks of a stored configuration, which has its defaults."""
    name, seen = configuration["metadata"]["name"], dict[str, int]()
    for entry in configuration.get("webhooks") or ():
        number = seen[entry["name"]] = seen.get(entry["name"], -1) + 1
        yield _webhook(entry, name, f"{configuration['kind']}/{name}/{entry['name']}/{number}")


def _webhook(entry: Mapping[str, Any], configuration: str, uid: str) -> Webhook:
    known = (v for v in entry.get("admissionReviewVersions") or () if v in ("v1", "v1beta1"))
    return Webhook(
        configuration,
        entry["name"],
        uid,
        entry["clientConfig"],
        tuple(Rule.of(rule) for rule in entry.get("rules") or ()),
        label_selector(entry.get("namespaceSelector")) or Selector(),
        label_selector(entry.get("objectSelector")) or Selector(),
        tuple(entry.get("matchConditions") or ()),
        equivalent=entry.get("matchPolicy") != "Exact",
        ignores_failure=entry.get("failurePolicy") == "Ignore",
        seconds=entry.get("timeoutSeconds") or 10,
        reinvoked=entry.get("reinvocationPolicy") == "IfNeeded",
        dry_runs=entry.get("sideEffects") in ("None", "NoneOnDryRun"),
        review_version=next(known, ""),
    )
