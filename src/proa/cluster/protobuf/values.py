"""Messages of Kubernetes that are not objects in JSON: times, quantities, raw JSON.

Each takes the decoded message and gives the JSON value, or None for nothing.
Source: MarshalJSON of the Go types of the same names.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec

from proa.cluster.protobuf.wire import DecodeError

Value = Callable[[dict[str, Any]], Any]

_META = "k8s.io.apimachinery.pkg.apis.meta.v1"
_CRD = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions."


def _moment(message: dict[str, Any]) -> dt.datetime:
    """In UTC, which it does not say itself."""
    try:
        return dt.datetime.fromtimestamp(message.get("seconds", 0), dt.UTC).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):
        raise DecodeError(f"no time: {message}") from None


def _time(message: dict[str, Any]) -> str | None:
    return _moment(message).isoformat(timespec="seconds") + "Z" if message else None


def _micro_time(message: dict[str, Any]) -> str | None:
    if not message:
        return None
    moment = _moment(message).replace(microsecond=message.get("nanos", 0) // 1000 % 1_000_000)
    return moment.isoformat(timespec="microseconds") + "Z"


def _quantity(message: dict[str, Any]) -> str:
    return str(message.get("string") or "0")


def _int_or_string(message: dict[str, Any]) -> int | str:
    value: int | str = message.get("strVal", "") if message.get("type") else message.get("intVal", 0)
    return value


def _raw_json(message: dict[str, Any]) -> Any:
    """The bytes of the only field, which the codec has already put into base64."""
    data = next(iter(message.values()), "")
    try:
        return msgspec.json.decode(base64.b64decode(data)) if data else None
    except msgspec.DecodeError as error:
        raise DecodeError(f"raw JSON is damaged: {error}") from None


def _duration(message: dict[str, Any]) -> str:
    """Nanoseconds as Go prints them: `1h0m30s`."""
    nanoseconds = message.get("duration", 0)
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, suffix in ((1, "ns"), (1000, "µs"), (10**6, "ms")):
        if 0 < rest < unit * 1000:
            return f"{sign}{float(Fraction(rest, unit)):g}{suffix}"
    minutes, seconds = divmod(Fraction(rest, 10**9), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h"] * bool(hours) + [f"{minutes}m"] * bool(hours or minutes)
    return sign + "".join(parts) + f"{float(seconds):.9f}".rstrip("0").rstrip(".") + "s"


def _schema_or_bool(message: dict[str, Any]) -> Any:
    return message.get("schema", message.get("allows", False))


def _schema_or_list(message: dict[str, Any]) -> Any:
    return message.get("schema", message.get("jSONSchemas", []))


def _schema_or_strings(message: dict[str, Any]) -> Any:
    return message.get("schema", message.get("property", []))


SPECIAL: dict[str, Value] = {
    f"{_META}/Time": _time,
    f"{_META}/MicroTime": _micro_time,
    f"{_META}/Duration": _duration,
    f"{_META}/FieldsV1": _raw_json,
    "k8s.io.apimachinery.pkg.runtime/RawExtension": _raw_json,
    "k8s.io.apimachinery.pkg.api.resource/Quantity": _quantity,
    "k8s.io.apimachinery.pkg.util.intstr/IntOrString": _int_or_string,
}
for _version in ("v1", "v1beta1"):
    SPECIAL |= {
        f"{_CRD}{_version}/JSON": _raw_json,
        f"{_CRD}{_version}/JSONSchemaPropsOrBool": _schema_or_bool,
        f"{_CRD}{_version}/JSONSchemaPropsOrArray": _schema_or_list,
        f"{_CRD}{_version}/JSONSchemaPropsOrStringArray": _schema_or_strings,
    }
