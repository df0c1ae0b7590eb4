"""How a definition says that its versions are converted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from proa.cluster.apiserver.custom.embedded import label_1035_problems
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    unsupported,
)

_STRATEGIES = ("None", "Webhook")
_REVIEWS = ("v1", "v1beta1")


def conversion_errors(spec: dict[str, Any]) -> Iterator[FieldError]:
    """Complaints about spec.conversion."""
    conversion = spec.get("conversion")
    if conversion is None:
        return
    path, strategy = "spec.conversion", conversion.get("strategy") or ""
    if not strategy:
        yield required(f"{path}.strategy")
    elif strategy not in _STRATEGIES:
        yield unsupported(f"{path}.strategy", strategy, _STRATEGIES)
    webhook = conversion.get("webhook")
    if strategy != "Webhook":
        detail = "should not be set when strategy is not set to Webhook"
        if (webhook or {}).get("clientConfig") is not None:
            yield forbidden(f"{path}.webhookClientConfig", detail)
        if (webhook or {}).get("conversionReviewVersions"):
            yield forbidden(f"{path}.conversionReviewVersions", detail)
        return
    if spec.get("preserveUnknownFields"):
        yield invalid_value(
            f"{path}.strategy", strategy, "must be None if spec.preserveUnknownFields is true"
        )
    yield from _client_errors((webhook or {}).get("clientConfig"), f"{path}.webhookClientConfig")
    versions = (webhook or {}).get("conversionReviewVersions") or []
    yield from _review_errors(versions, f"{path}.conversionReviewVersions")


def _client_errors(config: dict[str, Any] | None, path: str) -> Iterator[FieldError]:
    if config is None:
        yield required(path, "required when strategy is set to Webhook")
        return
    url: str | None = config.get("url")
    service: dict[str, Any] | None = config.get("service")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from _url_errors(url, f"{path}.url")
    elif service is not None:
        for name in ("name", "namespace"):
            if not service.get(name):
                yield required(f"{path}.service.{name}", f"service {name} is required")
        port = service.get("port", 443)
        if not 0 < port < 65536:
            detail = "port is not valid: must be between 1 and 65535, inclusive"
            yield invalid_value(f"{path}.service.port", port, detail)


def _url_errors(url: str, path: str) -> Iterator[FieldError]:
    form = "; desired format: https://host[/path]"
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield invalid_value(path, parts.scheme, f"'https' is the only allowed URL scheme{form}")
    if not parts.netloc:
        yield invalid_value(path, parts.netloc, f"host must be specified{form}")
    if parts.username is not None:
        yield invalid_value(path, "", "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid_value(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid_value(path, parts.query, "query parameters are not permitted in the URL")


def _review_errors(versions: list[str], path: str) -> Iterator[FieldError]:
    if not versions:
        yield required(path)
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield invalid_value(f"{path}[{index}]", version, "duplicate version")
        else:
            yield from (invalid_value(f"{path}[{index}]", version, p) for p in label_1035_problems(version))
    if not set(versions) & set(_REVIEWS):
        yield invalid_value(path, versions, f"must include at least one of {', '.join(_REVIEWS)}")
