"""Fields that stand twice in a body."""

from __future__ import annotations

from corpus.families.custom import DEFINITIONS, definition, objects
from corpus.story import APPLY, JSON_PATCH, MERGE, STRATEGIC, delete, get, patch, post, put, story

CM = "/api/v1/namespaces/<ns>/configmaps"
PODS = "/api/v1/namespaces/<ns>/pods"
SCALE = "/apis/apps/v1/namespaces/<ns>/deployments"
YAML = "application/yaml"
ONLY = ("data", "spec", "message", "reason", "code", "metadata.labels")
STRICT, IGNORE = "fieldValidation=Strict", "fieldValidation=Ignore"

ONCE = '{"metadata":{"name":"NAME"},"data":{"a":"1"}}'
DATA = '{"metadata":{"name":"NAME"},"data":{"a":"1"},"data":{"b":"2"}}'
KEY = '{"metadata":{"name":"NAME"},"data":{"a":"1","a":"2"}}'
MANY = (
    '{"metadata":{"name":"NAME","name":"NAME","labels":{"x":"1","x":"2"}},"nope":1,"nope":2,"other":1,'
    '"data":{"a":"1","a":"2","a":"3"},"immutable":false,"immutable":false}'
)
SPACED = '{ "metadata" : { "name" : "NAME" } , "data" : { "a" : "x:y" , "a" : ":" } }'
ESCAPED = '{"metadata":{"name":"NAME"},"data":{"a":"\\u003a","\\u0061":"2"}}'
POD = (
    '{"metadata":{"name":"NAME"},"spec":{"containers":[{"name":"c","image":"i","image":"j",'
    '"env":[{"name":"A","value":"1"},{"name":"B","value":"2","value":"3"}]}],"nodeSelector":{"a":"1","a":"2"}}}'
)
CASES = {"data": DATA, "a key": KEY, "many": MANY, "spaces": SPACED, "escapes": ESCAPED, "once": ONCE}


def named(text: str, name: str) -> str:
    return text.replace("NAME", name)


OBJECT = (
    '{"apiVersion":"corpus.example.com/v1","kind":"Twice","metadata":{"name":"NAME","labels":{"l":"1","l":"2"}},'
    '"spec":{"a":"1","a":"2","nope":1,"list":[{"b":1},{"b":1,"b":2}]},"spec":{"a":"3"}}'
)
VERSIONED = OBJECT.replace('"name":', '"resourceVersion":"<rv>","name":')
CONFIGURATION = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"d":"1","d":"2"}}'
ADD_TWICE = '[{"op":"add","path":"/data/x","value":"1","value":"2"}]'
ADD_STRANGELY = '[{"op":"add","path":"/data/x","value":"1","nope":1}]'
YAML_DATA = "metadata: {name: w0}\ndata:\n  a: '1'\n  a: '2'\n"
YAML_CONFIGURATION = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  d: '1'\n  d: '2'\n"
TWICE = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "list": {
            "type": "array",
            "items": {"type": "object", "properties": {"b": {"type": "integer"}}},
        },
    },
}
WHERE = objects("twice")

STORIES = (
    story(
        "bodies",
        *(
            step
            for index, (name, text) in enumerate(CASES.items())
            for step in (
                post(f"{name}, strictly", f"{CM}?{STRICT}", named(text, f"s{index}"), only=ONLY),
                post(f"{name}, warned", CM, named(text, f"w{index}"), only=ONLY),
                post(f"{name}, ignored", f"{CM}?{IGNORE}", named(text, f"i{index}"), only=ONLY),
            )
        ),
        post("a pod, strictly", f"{PODS}?{STRICT}", named(POD, "s"), only=ONLY),
        post("a pod, warned", PODS, named(POD, "w"), only=("message", "code")),
        put("replace, strictly", f"{CM}/w0?{STRICT}", named(KEY, "w0"), only=ONLY),
        put("replace, warned", f"{CM}/w0", named(KEY, "w0"), only=ONLY),
        put("YAML, strictly", f"{CM}/w0?{STRICT}", YAML_DATA, type=YAML, only=ONLY),
        put("YAML, warned", f"{CM}/w0", YAML_DATA, type=YAML, only=ONLY),
        put("YAML, ignored", f"{CM}/w0?{IGNORE}", YAML_DATA, type=YAML, only=ONLY),
        put("JSON as YAML, strictly", f"{CM}/w0?{STRICT}", named(KEY, "w0"), type=YAML, only=ONLY),
        put("JSON as YAML, warned", f"{CM}/w0", named(KEY, "w0"), type=YAML, only=ONLY),
    ),
    story(
        "patches",
        post("begin", CM, named(ONCE, "a"), only=ONLY),
        *(
            step
            for kind, type_ in (("merge", MERGE), ("strategic", STRATEGIC))
            for step in (
                patch(
                    f"{kind}, strictly", f"{CM}/a?{STRICT}", '{"data":{"b":"1","b":"2"}}', type_, only=ONLY
                ),
                patch(
                    f"{kind}, warned",
                    f"{CM}/a",
                    '{"data":{"b":"1","b":"2"},"data":{"c":"1"}}',
                    type_,
                    only=ONLY,
                ),
                patch(f"{kind}, ignored", f"{CM}/a?{IGNORE}", '{"data":{"b":"1","b":"2"}}', type_, only=ONLY),
                patch(
                    f"{kind}, unknown too",
                    f"{CM}/a?{STRICT}",
                    '{"data":{"b":"1","b":"2"},"nope":1}',
                    type_,
                    only=ONLY,
                ),
            )
        ),
        patch("JSON patch, strictly", f"{CM}/a?{STRICT}", ADD_TWICE, JSON_PATCH, only=ONLY),
        patch("JSON patch, warned", f"{CM}/a", ADD_TWICE, JSON_PATCH, only=ONLY),
        patch(
            "JSON patch, an unknown field, strictly", f"{CM}/a?{STRICT}", ADD_STRANGELY, JSON_PATCH, only=ONLY
        ),
        patch(
            "JSON patch, an unknown field, warned",
            f"{CM}/a",
            '[{"op":"add","path":"/data/x","value":"1","nope":1},{"op":"add","path":"/nope","value":1}]',
            JSON_PATCH,
            only=ONLY,
        ),
        patch(
            "JSON patch, in a value",
            f"{CM}/a?{STRICT}",
            '[{"op":"add","path":"/data","value":{"a":"1","a":"2"}}]',
            JSON_PATCH,
            only=ONLY,
        ),
        patch("apply", f"{CM}/a?fieldManager=me&force=true", CONFIGURATION, APPLY, only=ONLY),
        patch(
            "apply, strictly", f"{CM}/a?fieldManager=me&force=true&{STRICT}", CONFIGURATION, APPLY, only=ONLY
        ),
        patch(
            "apply, ignored", f"{CM}/a?fieldManager=me&force=true&{IGNORE}", CONFIGURATION, APPLY, only=ONLY
        ),
        patch("apply, YAML", f"{CM}/a?fieldManager=me&force=true", YAML_CONFIGURATION, APPLY, only=ONLY),
    ),
    story(
        "custom",
        post("define", DEFINITIONS, definition("twice", TWICE), only=("kind",)),
        get("wait", WHERE, until=200, only=("kind",)),
        post("strictly", f"{WHERE}?{STRICT}", named(OBJECT, "s"), only=ONLY),
        post("warned", WHERE, named(OBJECT, "w"), only=ONLY, keep={"rv": "metadata.resourceVersion"}),
        post("ignored", f"{WHERE}?{IGNORE}", named(OBJECT, "i"), only=ONLY),
        put("replace", f"{WHERE}/w?{STRICT}", named(VERSIONED, "w"), only=ONLY),
        patch("merge, strictly", f"{WHERE}/w?{STRICT}", '{"spec":{"a":"1","a":"2"}}', MERGE, only=ONLY),
        patch("merge, warned", f"{WHERE}/w", '{"spec":{"a":"1","a":"2"}}', MERGE, only=ONLY),
        patch(
            "JSON patch, strictly",
            f"{WHERE}/w?{STRICT}",
            '[{"op":"add","path":"/spec/a","value":"1","value":"2"}]',
            JSON_PATCH,
            only=ONLY,
        ),
        patch("apply", f"{WHERE}/w?fieldManager=me&force=true", named(OBJECT, "w"), APPLY, only=ONLY),
        delete("end", f"{DEFINITIONS}/twices.corpus.example.com", only=("kind",)),
    ),
)
