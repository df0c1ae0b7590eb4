"""What is wrong with a configuration of webhooks that somebody writes. Pure.

Source: kubernetes pkg/apis/admissionregistration/validation; apiserver pkg/util/webhook/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from proa.cluster.apiserver.names import LABEL
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    duplicate,
    invalid_value,
    required,
    unsupported,
)
from proa.cluster.apiserver.validation.common import elements, one_of, selector
from proa.kube.resources import Object

_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_VERSIONS = ("v1", "v1beta1")
_SEGMENTS = 3
_LONGEST = 30


def configuration(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """MutatingWebhookConfiguration and ValidatingWebhookConfiguration, but for match conditions."""
    seen: set[str] = set()
    for index, hook in enumerate(obj.get("webhooks") or ()):
        at, name = f"webhooks[{index}]", hook.get("name") or ""
        yield from _webhook(at, hook)
        if name in seen:
            yield duplicate(f"{at}.name", name)
        seen.add(name)


def _webhook(at: str, hook: Object) -> Iterator[FieldError]:
    yield from _name(f"{at}.name", hook.get("name") or "")
    for place, rule in elements(hook, at, "rules"):
        yield from _rule(place, rule)
    yield from one_of(f"{at}.failurePolicy", hook.get("failurePolicy"), ("Fail", "Ignore"))
    yield from one_of(f"{at}.matchPolicy", hook.get("matchPolicy"), ("Equivalent", "Exact"))
    yield from one_of(f"{at}.reinvocationPolicy", hook.get("reinvocationPolicy"), ("IfNeeded", "Never"))
    if hook.get("sideEffects"):
        yield from one_of(f"{at}.sideEffects", hook["sideEffects"], _SIDE_EFFECTS)
    else:
        yield required(f"{at}.sideEffects", f"must specify one of {', '.join(_SIDE_EFFECTS)}")
    seconds = hook.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= _LONGEST:
        detail = f"the timeout value must be between 1 and {_LONGEST} seconds"
        yield invalid_value(f"{at}.timeoutSeconds", seconds, detail)
    for field in ("namespaceSelector", "objectSelector"):
        yield from selector(f"{at}.{field}", hook.get(field))
    yield from client_config(f"{at}.clientConfig", hook.get("clientConfig") or {})
    yield from _review_versions(f"{at}.admissionReviewVersions", hook.get("admissionReviewVersions") or [])


def _name(at: str, name: str) -> Iterator[FieldError]:
    if not name:
        yield required(at)
    elif len(name.split(".")) < _SEGMENTS:
        yield invalid_value(at, name, "should be a domain with at least three segments separated by dots")


def _review_versions(at: str, versions: list[str]) -> Iterator[FieldError]:
    known = ", ".join(_VERSIONS)
    if not versions:
        yield required(at, f"must specify one of {known}")
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield invalid_value(f"{at}[{index}]", version, "duplicate version")
    if not set(versions) & set(_VERSIONS):
        yield invalid_value(at, versions, f"must include at least one of {known}")


def _rule(at: str, rule: Object) -> Iterator[FieldError]:
    words = {"apiGroups": "API groups", "apiVersions": "API versions", "operations": "operations"}
    for index, operation in enumerate(rule.get("operations") or ()):
        if operation not in _OPERATIONS:
            yield unsupported(f"{at}.operations[{index}]", operation, _OPERATIONS)
    for name, word in words.items():
        given = rule.get(name) or []
        if not given:
            yield required(f"{at}.{name}")
        elif "*" in given and len(given) > 1:
            yield invalid_value(f"{at}.{name}", given, f"if '*' is present, must not specify other {word}")
    yield from _resources(f"{at}.resources", rule.get("resources") or [])
    yield from one_of(f"{at}.scope", rule.get("scope"), _SCOPES)


def _resources(at: str, resources: list[str]) -> Iterator[FieldError]:
    if not resources:
        yield required(at)
    for index, name in enumerate(resources):
        if not name:
            yield required(f"{at}[{index}]")
    if "*/*" in resources and len(resources) > 1:
        yield invalid_value(at, resources, "if '*/*' is present, must not specify other resources")
    elif "*" in resources and any("/" not in name for name in resources if name != "*"):
        detail = "if '*' is present, must not specify other resources without subresources"
        yield invalid_value(at, resources, detail)


def client_config(at: str, client: Object) -> Iterator[FieldError]:
    """How a webhook is reached: by `url` or as a `service`."""
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield required(at, "exactly one of url or service is required")
    elif service is not None:
        yield from _service(f"{at}.service", service)
    else:
        yield from _url(f"{at}.url", str(url))


def _url(at: str, url: str) -> Iterator[FieldError]:
    form = "; desired format: https://host[/path]"
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if parts.scheme != "https":
        yield invalid_value(at, parts.scheme, f"'https' is the only allowed URL scheme{form}")
    if not host:
        yield invalid_value(at, host, f"host must be specified{form}")
    if user:
        yield invalid_value(at, user, "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid_value(at, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid_value(at, parts.query, "query parameters are not permitted in the URL")


def _service(at: str, service: Object) -> Iterator[FieldError]:
    for name in ("name", "namespace"):
        if not service.get(name):
            yield required(f"{at}.{name}", f"service {name} is required")
    port = service.get("port")
    if port is not None and not 1 <= port <= 65535:
        yield invalid_value(f"{at}.port", port, "port is not valid: must be between 1 and 65535, inclusive")
    yield from _path(f"{at}.path", service.get("path"))


def _path(at: str, path: str | None) -> Iterator[FieldError]:
    if not path or path == "/":
        return
    if not path.startswith("/"):
        yield invalid_value(at, path, "must start with a '/'")
    for index, segment in enumerate(path.removesuffix("/").split("/")[1:] or [""]):
        if not segment:
            yield invalid_value(at, path, f"segment[{index}] may not be empty")
            continue
        for problem in LABEL.problems(segment):
            yield invalid_value(at, path, f"segment[{index}]: {problem}")
