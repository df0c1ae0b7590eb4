"""The volumes of a pod."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proa.cluster.apiserver.schema.field_error import FieldError, forbidden, invalid_value, required
from proa.cluster.apiserver.validation.common import dns_label, elements, in_range, one_of, path, unique
from proa.cluster.apiserver.validation.containers import sub_path
from proa.cluster.apiserver.validation.projections import pod_certificate, trust_bundle
from proa.kube.resources import Object

_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_WITH_MODES = ("secret", "configMap", "downwardAPI", "projected")
_MIN_TOKEN_SECONDS = 600


def volumes(field: str, spec: Object) -> Iterator[FieldError]:
    """All volumes of a PodSpec."""
    found = elements(spec, field, "volumes")
    for at, volume in found:
        if volume.get("name"):
            yield from dns_label(f"{at}.name", volume["name"])
        yield from _source(at, volume)
    yield from unique(".name", ((at, volume.get("name")) for at, volume in found))


def _source(field: str, volume: Object) -> Iterator[FieldError]:
    sources = [name for name, value in volume.items() if name != "name" and value is not None]
    if not sources:
        yield required(field, "must specify a volume type")
    for name in sources[1:]:
        yield forbidden(f"{field}.{name}", "may not specify more than 1 volume type")
    if volume.get("hostPath") is not None:
        yield from _host_path(f"{field}.hostPath", volume["hostPath"])
    for name in _WITH_MODES:
        if volume.get(name) is not None:
            yield from _files(f"{field}.{name}", volume[name])
    if volume.get("secret") is not None and not volume["secret"].get("secretName"):
        yield required(f"{field}.secret.secretName")
    for at, source in elements(volume.get("projected"), f"{field}.projected", "sources"):
        yield from _projection(at, source)


def _host_path(field: str, source: Object) -> Iterator[FieldError]:
    if ".." in (source.get("path") or "").split("/"):
        yield invalid_value(f"{field}.path", source["path"], "must not contain '..'")
    yield from one_of(f"{field}.type", source.get("type"), _HOST_PATH_TYPES)


def _files(field: str, source: Object) -> Iterator[FieldError]:
    yield from _mode(f"{field}.defaultMode", source.get("defaultMode"))
    for at, item in elements(source, field, "items"):
        yield from sub_path(f"{at}.path", item.get("path") or "")
        yield from _mode(f"{at}.mode", item.get("mode"))


def _mode(field: str, mode: int | None) -> Sequence[FieldError]:
    if mode is None or 0 <= mode <= 0o777:
        return ()
    return [invalid_value(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")]


def _projection(field: str, source: Object) -> Iterator[FieldError]:
    for name, given in source.items():
        if given:
            yield from _files(f"{field}.{name}", given)
    if source.get("clusterTrustBundle") is not None:
        yield from trust_bundle(f"{field}.clusterTrustBundle", source["clusterTrustBundle"])
    if source.get("podCertificate") is not None:
        yield from pod_certificate(f"{field}.podCertificate", source["podCertificate"])
    seconds = path(source, "serviceAccountToken", "expirationSeconds")
    at = f"{field}.serviceAccountToken.expirationSeconds"
    if seconds is not None and seconds < _MIN_TOKEN_SECONDS:
        yield invalid_value(at, seconds, "may not specify a duration less than 10 minutes")
    else:
        yield from in_range(at, seconds, _MIN_TOKEN_SECONDS, 2**32)
