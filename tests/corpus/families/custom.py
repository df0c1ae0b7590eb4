"""Custom resources: definitions, and the objects that are served because of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpus.story import (
    JSON_PATCH,
    STRATEGIC,
    TABLE,
    Step,
    Story,
    apply,
    delete,
    get,
    patch,
    post,
    put,
    story,
)

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
STRING = {"type": "string"}
INTEGER = {"type": "integer"}
RULES = "x-kubernetes-validations"


def definition(name: str, spec: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """A definition of NAMEs in the group corpus.example.com, whose objects have that schema of spec."""
    schema = {"type": "object", "properties": {"spec": spec, "status": {"type": "object", **PRESERVED}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{name}s.corpus.example.com"},
        "spec": {
            "group": "corpus.example.com",
            "scope": "Namespaced",
            "names": {"plural": f"{name}s", "kind": name.capitalize()},
            "versions": [version | more],
        },
    }


DISCOVERED = tuple(
    f"resources.{index}.{name}" for index in range(3) for name in ("name", "verbs", "kind", "group")
)
PRESERVED = {"x-kubernetes-preserve-unknown-fields": True}


def objects(name: str, version: str = "v1") -> str:
    """The path of a story's objects of a kind."""
    return f"/apis/corpus.example.com/{version}/namespaces/<ns>/{name}s"


def made(name: str, spec: Any, version: str = "v1", **more: Any) -> dict[str, Any]:
    """An object of a kind."""
    head = {"apiVersion": f"corpus.example.com/{version}", "kind": name.capitalize()}
    return {**head, "metadata": {"name": "a"}, "spec": spec, **more}


def with_kind(name: str, wanted: dict[str, Any], *steps: Step, version: str = "v1") -> Story:
    """Steps on objects of a kind that is defined before, and deleted after."""
    path = f"{DEFINITIONS}/{name}s.corpus.example.com"
    return story(
        name,
        post(
            "define",
            DEFINITIONS,
            wanted,
            only=("kind", "metadata.generation", "spec", "status.storedVersions"),
        ),
        get("wait", objects(name, version), until=200),
        *steps,
        delete("end", path, only=("kind", "metadata.finalizers")),
        get("ended", path, until=404),
    )


VALUES: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 3},
        "above": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        "small": {"type": "integer", "format": "int32"},
        "ratio": {"type": "number", "maximum": 1.5, "exclusiveMaximum": True},
        "color": {"type": "string", "enum": ["red", "green"]},
        "digit": {"type": "integer", "enum": [1, 2]},
        "flag": {"type": "boolean"},
        "maybe": {"type": "string", "nullable": True},
        "either": {"x-kubernetes-int-or-string": True},
        "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": STRING},
        "map": {"type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": INTEGER},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "date": {"type": "string", "format": "date"},
        "time": {"type": "string", "format": "date-time"},
        "address": {"type": "string", "format": "ipv4"},
        "range": {"type": "string", "format": "cidr"},
        "mail": {"type": "string", "format": "email"},
        "where": {"type": "string", "format": "uri"},
        "host": {"type": "string", "format": "hostname"},
        "bytes": {"type": "string", "format": "byte"},
        "span": {"type": "string", "format": "duration"},
        "id": {"type": "string", "format": "uuid"},
        "short": {"type": "string", "format": "k8s-short-name"},
        "one": {
            "type": "object",
            "properties": {"x": INTEGER, "y": INTEGER},
            "oneOf": [{"required": ["x"]}, {"required": ["y"]}],
        },
        "any": {
            "type": "object",
            "properties": {"x": INTEGER, "y": INTEGER},
            "anyOf": [{"required": ["x"]}, {"required": ["y"]}],
        },
        "all": {"type": "string", "allOf": [{"minLength": 2}, {"pattern": "^a"}]},
        "no": {"type": "string", "not": {"enum": ["bad"]}},
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": STRING},
        "ports": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["port", "protocol"],
            "items": {
                "type": "object",
                "required": ["port"],
                "properties": {"port": INTEGER, "protocol": STRING | {"default": "TCP"}, "name": STRING},
            },
        },
        "template": {"type": "object", "x-kubernetes-embedded-resource": True, **PRESERVED},
    },
}
BAD: dict[str, Any] = {
    "too short": {"name": "a"},
    "too long": {"name": "abcdef"},
    "not of the pattern": {"name": "AB"},
    "no name": {},
    "a number for a text": {"name": 5},
    "a text for a number": {"count": "3"},
    "a fraction for a whole": {"count": 1.5},
    "a whole fraction": {"count": 3.0},
    "a flag for a number": {"count": True},
    "too small": {"count": 0},
    "too large": {"count": 12},
    "no multiple": {"count": 4},
    "not above": {"above": 0},
    "beyond 32 bits": {"small": 3000000000},
    "not below": {"ratio": 1.5},
    "no color": {"color": "blue"},
    "no digit": {"digit": 3},
    "no flag": {"flag": "yes"},
    "a null": {"flag": None},
    "a null that may be": {"maybe": None},
    "neither": {"either": True},
    "either number": {"either": 5},
    "either text": {"either": "5"},
    "no list": {"list": {}},
    "an empty list": {"list": []},
    "a long list": {"list": ["a", "b", "c"]},
    "a list of others": {"list": ["a", 1]},
    "a null in a list": {"list": [None]},
    "an empty map": {"map": {}},
    "a large map": {"map": {"a": 1, "b": 2, "c": 3}},
    "a map of others": {"map": {"a": "1"}},
    "no map": {"map": []},
    "anything": {"free": {"a": [1, {"b": None}]}},
    "no date": {"date": "yesterday"},
    "no time": {"time": "2020-01-01"},
    "no address": {"address": "1.2.3"},
    "no range": {"range": "10.0.0.0"},
    "no mail": {"mail": "nobody"},
    "no place": {"where": "not a uri"},
    "no host": {"host": "-a_"},
    "no bytes": {"bytes": "ä"},
    "no span": {"span": "long"},
    "no id": {"id": "1-2"},
    "no short name": {"short": "A.b"},
    "none of one": {"one": {}},
    "two of one": {"one": {"x": 1, "y": 2}},
    "none of any": {"any": {}},
    "not all": {"all": "b"},
    "a bad word": {"no": "bad"},
    "twice in a set": {"tags": ["a", "b", "a", "a"]},
    "twice in a map": {
        "ports": [{"port": 1}, {"port": 1, "protocol": "TCP"}, {"port": 1, "protocol": "UDP"}]
    },
    "an embedded nothing": {"template": {}},
    "an embedded object": {
        "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"-": "a"}}}
    },
    "several": {"name": "A", "count": 0, "color": "blue", "list": [1]},
}


def _values() -> Story:
    path = objects("value")
    steps = [
        post(
            name, f"{path}?dryRun=All", made("value", {"name": "abc", **spec} if name != "no name" else spec)
        )
        for name, spec in BAD.items()
    ]
    return with_kind(
        "value",
        definition("value", VALUES),
        *steps,
        post("no spec", f"{path}?dryRun=All", {"metadata": {"name": "a"}}),
        post(
            "a bad name", f"{path}?dryRun=All", made("value", {"name": "abc"}) | {"metadata": {"name": "A_"}}
        ),
        post("another kind", path, made("value", {"name": "abc"}) | {"kind": "Other"}),
        post("another version", path, {"apiVersion": "corpus.example.com/v2", "kind": "Value"}),
        post(
            "unknown and strict",
            f"{path}?fieldValidation=Strict",
            made("value", {"name": "abc", "x": {"y": 1}}),
        ),
        post(
            "unknown and warned",
            f"{path}?dryRun=All",
            made("value", {"name": "abc", "x": 1, "ports": [{"port": 1, "z": 1}]}),
        ),
        post(
            "unknown and ignored",
            f"{path}?dryRun=All&fieldValidation=Ignore",
            made("value", {"name": "abc", "x": 1}),
        ),
        post(
            "bad metadata",
            path,
            made("value", {"name": "abc"}) | {"metadata": {"name": "a", "labels": {"a": 1}}},
        ),
        post(
            "unknown metadata",
            f"{path}?fieldValidation=Strict",
            made("value", {"name": "abc"}) | {"metadata": {"name": "a", "foo": "bar"}},
        ),
    )


def _writes() -> Story:
    """Of one object, from its creation on."""
    path = objects("widget")
    one = f"{path}/a"
    spec = {
        "type": "object",
        "properties": {
            "size": {"type": "integer", "default": 1, "maximum": 9},
            "color": STRING | {"default": "red"},
            "free": {"type": "object", **PRESERVED},
            "ports": VALUES["properties"]["ports"],
            "tags": VALUES["properties"]["tags"],
            "plain": {"type": "array", "items": STRING},
        },
    }
    subresources = {
        "status": {},
        "scale": {
            "specReplicasPath": ".spec.size",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        },
    }
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "description": "How large"},
        {"name": "Color", "type": "string", "jsonPath": ".spec.color", "priority": 1},
        {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
        {"name": "First", "type": "string", "jsonPath": ".spec.plain[0]"},
        {"name": "Ports", "type": "string", "jsonPath": ".spec.ports"},
        {"name": "When", "type": "date", "jsonPath": ".status.time"},
        {"name": "On", "type": "boolean", "jsonPath": ".status.on"},
    ]
    wanted = definition(
        "widget",
        spec,
        subresources=subresources,
        additionalPrinterColumns=columns,
        selectableFields=[{"jsonPath": ".spec.color"}],
    )
    wanted["spec"]["names"] |= {"shortNames": ["wd"], "categories": ["all"]}
    return with_kind(
        "widget",
        wanted,
        post(
            "create", path, made("widget", {"plain": ["x", "y"], "ports": [{"port": 1}]}, status={"on": True})
        ),
        post("create again", path, made("widget", {})),
        get("get", one),
        get("table", one, accept=TABLE),
        get("list", path, only=("kind", "items.0.spec")),
        get("select", f"{path}?fieldSelector=spec.color=red", only=("items.0.metadata.name",)),
        get("select none", f"{path}?fieldSelector=spec.color=blue", only=("items",)),
        get("select unknown", f"{path}?fieldSelector=spec.size=1"),
        patch("merge", one, {"spec": {"size": 2, "ports": [{"port": 2}]}}),
        patch("merge no change", one, {"spec": {"size": 2}}, only=("metadata.generation",)),
        patch("json", one, [{"op": "replace", "path": "/spec/color", "value": "blue"}], JSON_PATCH),
        patch("strategic", one, {"spec": {"size": 3}}, STRATEGIC),
        patch("too large", one, {"spec": {"size": 10}}),
        patch(
            "labels",
            one,
            {"metadata": {"labels": {"a": "b"}}},
            only=("metadata.generation", "metadata.labels"),
        ),
        put("replace without version", one, made("widget", {"size": 4})),
        patch("status", f"{one}/status", {"spec": {"size": 5}, "status": {"replicas": 3, "on": True}}),
        patch("selector", f"{one}/status", {"status": {"selector": "a=b", "time": "then"}}, only=("status",)),
        apply("apply", one, made("widget", {"ports": [{"port": 3, "name": "c"}], "tags": ["x"]})),
        apply(
            "apply more", one, made("widget", {"ports": [{"port": 4}], "tags": ["y"]}), "fieldManager=other"
        ),
        apply("conflict", one, made("widget", {"color": "green"})),
        apply("force", one, made("widget", {"color": "green"}), "fieldManager=me&force=true"),
        apply("free", one, made("widget", {"free": {"a": {"b": 1}, "l": [1]}}), "fieldManager=free"),
        apply("new", f"{path}/b", made("widget", {"size": 2}) | {"metadata": {"name": "b"}}),
        apply(
            "status applied",
            f"{one}/status",
            made("widget", {}, status={"on": False}),
            "fieldManager=s&force=true",
        ),
        get("scale", f"{one}/scale"),
        patch("scale up", f"{one}/scale", {"spec": {"replicas": 7}}),
        patch("scale down", f"{one}/scale", {"spec": {"replicas": -1}}),
        get("scaled", one, only=("spec", "metadata.generation")),
        patch("unknown finalizer", one, {"metadata": {"finalizers": ["a.b"]}}, only=("metadata.finalizers",)),
        delete("held", one, only=("kind", "metadata.finalizers", "metadata.generation")),
        patch("let go", one, {"metadata": {"finalizers": None}}, only=("kind",)),
        get("gone", one),
        delete("delete", f"{path}/b"),
        get("discovery", "/apis/corpus.example.com/v1", only=DISCOVERED),
        get("group", "/apis/corpus.example.com"),
    )


def _versions() -> Story:
    wanted = definition("gadget", {"type": "object", "properties": {"x": STRING}})
    (v1,) = wanted["spec"]["versions"]
    old = v1 | {"name": "v1beta1", "storage": False, "deprecated": True, "deprecationWarning": "use v1"}
    older = v1 | {"name": "v1alpha1", "storage": False, "deprecated": True}
    none = v1 | {"name": "v2alpha1", "storage": False, "served": False}
    wanted["spec"]["versions"] += [old, older, none]
    one, beta = f"{objects('gadget')}/a", f"{objects('gadget', 'v1beta1')}/a"
    return with_kind(
        "gadget",
        wanted,
        post("create", objects("gadget"), made("gadget", {"x": "1"}), only=("apiVersion", "spec")),
        get("get beta", beta, only=("apiVersion", "spec", "metadata.managedFields")),
        get("get alpha", f"{objects('gadget', 'v1alpha1')}/a", only=("apiVersion",)),
        patch(
            "change beta", beta, {"spec": {"x": "2"}}, only=("apiVersion", "spec", "metadata.managedFields")
        ),
        get("get", one, only=("apiVersion", "spec", "metadata.generation")),
        get("list beta", objects("gadget", "v1beta1"), only=("apiVersion", "items.0.apiVersion")),
        get("group", "/apis/corpus.example.com"),
    )


def _rules() -> Story:
    """Rules in CEL, and what is allowed to stay as it was."""
    count = {
        "type": "integer",
        "x-kubernetes-validations": [{"rule": "self % 2 == 0", "message": "must be even"}],
    }
    entry = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": STRING, "value": INTEGER},
        "x-kubernetes-validations": [{"rule": "self.value >= oldSelf.value", "message": "must not shrink"}],
    }
    begins = {"rule": "oldSelf.hasValue() || self == 1", "message": "begins at 1", "optionalOldSelf": True}
    either = {"rule": "type(self) == int ? self > 0 : self.endsWith('%')"}
    spec = {
        "type": "object",
        "properties": {
            "low": INTEGER,
            "high": INTEGER,
            "count": count,
            "fixed": STRING
            | {"x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "immutable"}]},
            "first": INTEGER | {"x-kubernetes-validations": [begins]},
            "entries": {
                "type": "array",
                "maxItems": 9,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": entry,
            },
            "either": {"x-kubernetes-int-or-string": True, "x-kubernetes-validations": [either]},
            "strict": STRING | {"maxLength": 9, "pattern": "^[a-z]*$"},
        },
        "x-kubernetes-validations": [
            {
                "rule": "!has(self.low) || !has(self.high) || self.low <= self.high",
                "reason": "FieldValueForbidden",
            },
            {
                "rule": "!has(self.low) || self.low < 100",
                "messageExpression": "'low is ' + (self.low < 200 ? 'large' : 'huge')",
                "fieldPath": ".low",
            },
        ],
    }
    path, one = objects("rule"), f"{objects('rule')}/a"
    good = {"low": 1, "high": 2, "count": 2, "fixed": "x", "first": 1, "entries": [{"name": "a", "value": 5}]}
    return with_kind(
        "rule",
        definition("rule", spec),
        post("above", f"{path}?dryRun=All", made("rule", {"low": 3, "high": 2})),
        post("much", f"{path}?dryRun=All", made("rule", {"low": 300})),
        post("odd", f"{path}?dryRun=All", made("rule", {"count": 3})),
        post("not first", f"{path}?dryRun=All", made("rule", {"first": 2})),
        post("either", f"{path}?dryRun=All", made("rule", {"either": "5"})),
        post("wrong types", f"{path}?dryRun=All", made("rule", {"low": "x", "count": 3})),
        post("create", path, made("rule", good), only=("spec",)),
        patch("change what is fixed", one, {"spec": {"fixed": "y"}}),
        patch("grow", one, {"spec": {"first": 2, "entries": [{"name": "a", "value": 6}]}}, only=("spec",)),
        patch("shrink", one, {"spec": {"entries": [{"name": "b", "value": 1}, {"name": "a", "value": 1}]}}),
    )


BAD_RULES: dict[str, Any] = {
    "no rule": {"rule": " "},
    "no expression": {"rule": "self.a +"},
    "no such field": {"rule": "self.b == 1"},
    "no bool": {"rule": "self.a"},
    "no such function": {"rule": "self.a.foo()"},
    "breaks without message": {"rule": "self.a ==\n'x'"},
    "breaks in message": {"rule": "self.a == 'x'", "message": "a\nb"},
    "no such reason": {"rule": "self.a == 'x'", "reason": "Because"},
    "no such path": {"rule": "self.a == 'x'", "fieldPath": ".b"},
    "a number as message": {"rule": "self.a == 'x'", "messageExpression": "1 + 1"},
    "optional for nothing": {"rule": "self.a == 'x'", "optionalOldSelf": True},
    "a good one": {"rule": "self.a == 'x'", "message": "x", "reason": "FieldValueInvalid", "fieldPath": ".a"},
}


def _rule_definitions() -> Story:
    path, only = f"{DEFINITIONS}?dryRun=All", ("message", "details.causes", "spec.versions")
    steps = []
    for name, rule in BAD_RULES.items():
        place = {"type": "object", "properties": {"a": STRING}, "x-kubernetes-validations": [rule]}
        steps.append(post(name, path, definition("bad", place), only=only))
    compared = INTEGER | {"x-kubernetes-validations": [{"rule": "self > oldSelf"}]}
    listed = {"type": "object", "properties": {"a": {"type": "array", "maxItems": 9, "items": compared}}}
    steps.append(post("uncorrelatable", path, definition("bad", listed), only=only))
    for name, place in COSTLY_RULES.items():
        steps.append(post(name, path, definition("bad", place), only=only))
    return story("rule definitions", *steps)


def _ruled(schema: dict[str, Any], *rules: str, **message: str) -> dict[str, Any]:
    return schema | {RULES: [{"rule": rule, **message} for rule in rules]}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _array(items: Any, **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}


_EACH = _ruled(STRING, "self.matches('^[a-z]+$')")
_SHORT = _ruled(STRING | {"maxLength": 10}, "self.matches('^[a-z]+$')")
COSTLY_RULES: dict[str, Any] = {
    "a long text": _object(a=_EACH),
    "long texts": _object(a=_array(_EACH)),
    "short texts": _object(a=_array(_SHORT)),
    "few short texts": _object(a=_array(_SHORT, maxItems=20)),
    "each with each": _ruled(_object(a=_array(STRING)), "self.a.all(x, self.a.all(y, x == y))"),
    "a little too much": _ruled(
        _object(a=_array(INTEGER, maxItems=700)), "self.a.all(x, self.a.all(y, self.a.exists(z, z == x + y)))"
    ),
    "some too much": _ruled(
        _object(a=_array(INTEGER, maxItems=1500)), "self.a.all(x, self.a.all(y, x == y || x > y))"
    ),
    "1.2 times": _ruled(_object(a=_array(INTEGER, maxItems=1000)), "self.a.all(x, self.a.all(y, x == y))"),
    "many together": _object(
        **{
            f"a{index}": _ruled(
                _object(a=_array(INTEGER, maxItems=900)), "self.a.all(x, self.a.all(y, x == y))"
            )
            for index in range(14)
        }
    ),
    "a map of maps": _object(
        a={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _EACH}}
    ),
    "a costly message": _ruled(
        _object(a=_array(STRING)), "true", messageExpression="self.a.map(x, x + self.a.join('')).join(' ')"
    ),
    "a message of a limited one": _ruled(
        _object(a=STRING | {"maxLength": 3}), "true", messageExpression="'is ' + self.a"
    ),
    "too much in an unbounded list": _object(
        a=_array(_ruled(_object(b=STRING, c=STRING) | {"required": ["b"]}, "self.b == self.c"))
    ),
    "optional old self": _object(
        a=_array(INTEGER)
        | {RULES: [{"rule": "oldSelf.hasValue() || self.all(x, x > 1)", "optionalOldSelf": True}]}
    ),
}


def _status() -> Story:
    """A status with a schema of its own, and lists of lists."""
    wanted = definition(
        "gauge",
        {"type": "object", "properties": {"x": INTEGER | {"maximum": 5}}},
        subresources={"status": {}},
    )
    schema = wanted["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["status"] = {
        "type": "object",
        "required": ["phase"],
        "properties": {
            "phase": STRING | {"enum": ["On", "Off"]},
            "level": INTEGER | {"default": 1},
            "entries": {"type": "array", "items": {"type": "object", "properties": {"n": INTEGER}}},
        },
    }
    one = f"{objects('gauge')}/a"
    return with_kind(
        "gauge",
        wanted,
        post("create", objects("gauge"), made("gauge", {"x": 1}), only=("spec", "status")),
        patch("good", f"{one}/status", {"status": {"phase": "On"}}, only=("status", "metadata.generation")),
        patch("no phase", f"{one}/status", {"status": {"phase": None}}),
        patch("another phase", f"{one}/status", {"status": {"phase": "Broken"}}),
        patch("wrong entries", f"{one}/status", {"status": {"entries": [{"n": "1"}]}}),
        patch(
            "unknown", f"{one}/status?fieldValidation=Strict", {"status": {"foo": 1}}, only=("code", "reason")
        ),
        patch(
            "entries", f"{one}/status", {"status": {"entries": [{"n": 1}]}}, only=("metadata.managedFields",)
        ),
        patch("spec too", one, {"spec": {"x": 9}, "status": {"phase": "Off"}}),
    )


def _schema(**more: Any) -> dict[str, Any]:
    return {"schema": {"openAPIV3Schema": {"type": "object", **more}}}


def _field(**schema: Any) -> dict[str, Any]:
    return _schema(properties={"spec": {"type": "object", "properties": {"x": schema}}})


BAD_VERSIONS: dict[str, Any] = {
    "no schema": {"schema": None},
    "no type at the root": {"schema": {"openAPIV3Schema": {"properties": {}}}},
    "no object": _schema(type="string"),
    "no type": _field(description="what"),
    "no items": _field(type="array"),
    "no such type": _field(type="text"),
    "null": _field(type="null"),
    "fields and values": _field(type="object", properties={"a": STRING}, additionalProperties=STRING),
    "a reference": _field(**{"type": "object", "$ref": "#/definitions/x"}),
    "definitions": _field(type="object", definitions={"a": STRING}),
    "unique items": _field(type="array", items=STRING, uniqueItems=True),
    "a bad pattern": _field(type="string", pattern="("),
    "a type in anyOf": _field(type="string", anyOf=[{"type": "string"}]),
    "only in allOf": _field(type="object", allOf=[{"properties": {"a": {"minLength": 1}}}]),
    "metadata": _schema(
        properties={"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}}
    ),
    "nullable root": _schema(nullable=True),
    "preserve nothing": _field(**{"type": "object", "x-kubernetes-preserve-unknown-fields": False}),
    "an embedded string": _field(**{"type": "string", "x-kubernetes-embedded-resource": True}),
    "a set of objects": _field(
        **{
            "type": "array",
            "x-kubernetes-list-type": "set",
            "items": {"type": "object", "properties": {"a": STRING}},
        }
    ),
    "a map without keys": _field(
        **{"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}}
    ),
    "a map by unknown keys": _field(
        **{
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["b"],
            "items": {"type": "object", "properties": {"a": STRING}},
        }
    ),
    "a map by optional keys": _field(
        **{
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["a"],
            "items": {"type": "object", "properties": {"a": STRING}},
        }
    ),
    "a list type of an object": _field(**{"type": "object", "x-kubernetes-list-type": "set"}),
    "a map type of a string": _field(**{"type": "string", "x-kubernetes-map-type": "atomic"}),
    "no such list type": _field(**{"type": "array", "items": STRING, "x-kubernetes-list-type": "bag"}),
    "a wrong default": _field(type="string", default=1),
    "a default beyond": _field(type="object", properties={"a": STRING}, default={"b": 1}),
    "a default in metadata": _schema(
        properties={"metadata": {"type": "object", "properties": {"name": STRING | {"default": "x"}}}}
    ),
    "no such scale": {"subresources": {"scale": {"specReplicasPath": ".x", "statusReplicasPath": "status"}}},
    "root fields beside status": {"subresources": {"status": {}}, **_schema(maxProperties=3)},
    "no such column": {
        "additionalPrinterColumns": [{"name": "", "type": "text", "jsonPath": "x", "format": "y"}]
    },
    "a needless warning": {"deprecationWarning": "no"},
    "an unknown format": _field(type="string", format="phone"),
    "no such selectable field": {"selectableFields": [{"jsonPath": ".spec.nothing"}]},
    "a bad version": {"name": "V1"},
    "not stored": {"storage": False},
}


def _definitions() -> Story:
    spec = {"type": "object", "properties": {"x": STRING}}
    path = f"{DEFINITIONS}?dryRun=All"
    only = ("message", "reason", "details.causes", "spec", "status.storedVersions")
    steps = [
        post(name, path, definition("bad", spec, **more), only=only) for name, more in BAD_VERSIONS.items()
    ]
    whole: dict[str, Any] = {
        "another name": {"metadata": {"name": "others.corpus.example.com"}},
        "no group": {"spec": definition("bad", spec)["spec"] | {"group": "example"}},
        "no scope": {"spec": definition("bad", spec)["spec"] | {"scope": "Somewhere"}},
        "bad names": {
            "spec": definition("bad", spec)["spec"]
            | {"names": {"plural": "bads", "kind": "Bad-", "listKind": "Bad-", "shortNames": ["B"]}}
        },
        "preserving": {"spec": definition("bad", spec)["spec"] | {"preserveUnknownFields": True}},
        "conversion by nobody": {
            "spec": definition("bad", spec)["spec"] | {"conversion": {"strategy": "Webhook"}}
        },
        "conversion by somebody": {
            "spec": definition("bad", spec)["spec"]
            | {"conversion": {"strategy": "None", "webhook": {"conversionReviewVersions": ["v1"]}}}
        },
        "conversion by http": {
            "spec": definition("bad", spec)["spec"]
            | {
                "conversion": {
                    "strategy": "Webhook",
                    "webhook": {"conversionReviewVersions": ["v7"], "clientConfig": {"url": "http://a/?b#c"}},
                }
            }
        },
        "good": {},
        "versions of one name": {"spec": _doubled(definition("bad", spec)["spec"])},
    }
    steps += [post(name, path, definition("bad", spec) | more, only=only) for name, more in whole.items()]
    protected = definition("bad", spec)
    protected["metadata"]["name"], protected["spec"]["group"] = "bads.corpus.k8s.io", "corpus.k8s.io"
    steps.append(post("protected", path, protected, only=only))
    approved = {"api-approved.kubernetes.io": "https://example.com/1"}
    about = protected["metadata"] | {"annotations": approved}
    steps.append(post("approved", path, protected | {"metadata": about}, only=only))
    return story("definitions", *steps)


def _doubled(spec: dict[str, Any]) -> dict[str, Any]:
    return spec | {"versions": spec["versions"] * 2}


def _stories() -> Iterator[Story]:
    yield _values()
    yield _writes()
    yield _versions()
    yield _definitions()
    yield _status()
    yield _rules()
    yield _rule_definitions()


STORIES = tuple(_stories())
