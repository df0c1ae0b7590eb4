"""What validating and mutating admission policies do to writes, and how bad ones are refused."""

from __future__ import annotations

from typing import Any

from corpus.story import Step, Story, delete, post, story

GROUP = "/apis/admissionregistration.k8s.io/v1"
CONFIG_MAPS = "/api/v1/namespaces/<ns>/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/<ns>/deployments"
FAILURE = ("message", "reason", "details", "code", "kind")
EVERYTHING = ("metadata.labels", "spec.replicas", "spec.template.spec.containers", *FAILURE)


def rule(**more: Any) -> Any:
    given = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    return given | more


def obj(kind: str, name: str, spec: Any) -> Any:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }


def using(mutating: bool, name: str, spec: Any, bound: Any, *steps: Step) -> Story:
    """A policy that is put to use for objects with its label, what then happens, and its end."""
    prefix = "Mutating" if mutating else "Validating"
    plural = f"{prefix.lower()}admissionpolic"
    rules = [rule(apiGroups=["apps"], resources=["deployments"]) if mutating else rule()]
    match = {"resourceRules": rules, "objectSelector": {"matchLabels": {"policy": name}}}
    policies, bindings = f"{GROUP}/{plural}ies", f"{GROUP}/{plural}ybindings"
    return story(
        name,
        post("policy", policies, obj(f"{prefix}AdmissionPolicy", name, {"matchConstraints": match} | spec)),
        post("binding", bindings, obj(f"{prefix}AdmissionPolicyBinding", name, {"policyName": name} | bound)),
        *steps,
        delete("unbind", f"{bindings}/{name}", only=("status",)),
        delete("delete", f"{policies}/{name}", only=("status",)),
    )


def config_map(policy: str, name: str = "m", **data: str) -> Any:
    metadata = {"name": name, "labels": {"policy": policy}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def judged(name: str, until: int, *, deny: bool = True, bound: Any = None, **spec: Any) -> Story:
    """A ValidatingAdmissionPolicy and one write, which is repeated until the policy is in effect."""
    body = config_map(name, a="2", b="3")
    step = post("write", f"{CONFIG_MAPS}?dryRun=All", body, until=until, only=FAILURE)
    return using(False, name, spec, {"validationActions": ["Deny" if deny else "Warn"]} | (bound or {}), step)


def refused(name: str, *validations: Any, **more: Any) -> Story:
    return judged(name, 422, validations=list(validations), **more)


NAMED = {"kind": "ConfigMap", "apiVersion": "v1"}
ASKED = (
    "request.name + request.operation + request.userInfo.username + string(request.dryRun) + "
    "request.kind.kind + request.resource.resource + string(has(request.subResource)) + "
    "string(oldObject == null)"
)
DIGITS = "[1,2,3,4,5,6,7,8,9,10]"
DEAR = "".join(f"{DIGITS}.all({name}, " for name in "abcdef") + "a + b + c + d + e + f > 0))))))"

JUDGED = (
    refused(
        "computed-message",
        {"expression": "variables.size < 2", "messageExpression": "'too many: ' + string(variables.size)"},
        variables=[{"name": "size", "expression": "size(object.data)"}],
    ),
    refused("missing-key", {"expression": "object.data.absent == '1'"}),
    refused("own-message", {"expression": "false", "message": " no "}),
    refused("broken-message", {"expression": "false", "messageExpression": "string(object.data.zz)"}),
    refused(
        "two-failures", {"expression": "false", "message": "one"}, {"expression": "object.data.q == '1'"}
    ),
    judged("forbidden", 403, validations=[{"expression": "false", "reason": "Forbidden"}]),
    judged("too-large", 413, validations=[{"expression": "false", "reason": "RequestEntityTooLarge"}]),
    refused(
        "parameters",
        {"expression": "size(object.data) <= int(params.data.most)"},
        paramKind=NAMED,
        bound={"paramRef": {"name": "absent", "parameterNotFoundAction": "Deny"}},
    ),
    refused(
        "broken-condition",
        {"expression": "true"},
        matchConditions=[{"name": "c", "expression": "object.data.x == 'y'"}],
    ),
    refused(
        "broken-variable",
        {"expression": "variables.bad == 'a'"},
        variables=[{"name": "bad", "expression": "object.data.x"}],
    ),
    refused("request", {"expression": "false", "messageExpression": ASKED}),
    refused("dear", {"expression": DEAR}),
    refused(
        "authorizer",
        {"expression": "authorizer.requestResource.check('create').allowed()"},
        {"expression": "authorizer.serviceAccount('default', 'x').path('/metrics').check('get').allowed()"},
        {"expression": "false", "message": "the rest is allowed"},
    ),
)


def deployment(policy: str) -> Any:
    pod = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "labels": {"policy": policy}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": pod},
    }


def applying(expression: str) -> Any:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patching(expression: str) -> Any:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def mutated(name: str, *mutations: Any, until: int = 403, **more: Any) -> Story:
    """A MutatingAdmissionPolicy and one write that it makes impossible."""
    body = deployment(name)
    step = post("write", f"{DEPLOYMENTS}?dryRun=All", body, until=until, only=EVERYTHING)
    spec = {"mutations": list(mutations), "reinvocationPolicy": "Never"} | more
    return using(True, name, spec, {}, step)


GUARD = "Object{spec: Object.spec{replicas: object.spec.absent}}"
MUTATED = (
    mutated("no-value", applying(GUARD)),
    mutated("wrong-type", applying("Object{spec: Object.spec{selector: Object.spec.wrong{}}}")),
    mutated(
        "atomic",
        applying("Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'a': 'b'}}}}"),
    ),
    mutated("unknown-field", applying("Object{spec: Object.spec{foo: 1}}")),
    mutated("not-a-number", applying("Object{spec: Object.spec{replicas: 'x'}}")),
)


def bad_policy(name: str, **spec: Any) -> Step:
    given = {"matchConstraints": {"resourceRules": [rule()]}} | spec
    body = obj("ValidatingAdmissionPolicy", "bad", given)
    return post(name, f"{GROUP}/validatingadmissionpolicies", body)


def validations(name: str, *entries: Any, **more: Any) -> Step:
    return bad_policy(name, validations=list(entries), **more)


def rules(name: str, **match: Any) -> Step:
    return validations(name, {"expression": "true"}, matchConstraints=match)


def bad_binding(name: str, **spec: Any) -> Step:
    body = obj("ValidatingAdmissionPolicyBinding", "bad", spec)
    return post(name, f"{GROUP}/validatingadmissionpolicybindings", body)


def bad_mutation(name: str, *mutations: Any, **more: Any) -> Step:
    spec = {"matchConstraints": {"resourceRules": [rule()]}, "reinvocationPolicy": "Never"} | more
    body = obj("MutatingAdmissionPolicy", "bad", {"mutations": list(mutations)} | spec)
    return post(name, f"{GROUP}/mutatingadmissionpolicies", body)


TRUE = {"expression": "true"}
BAD = (
    story(
        "bad expressions",
        validations("syntax", {"expression": "object.x =="}),
        validations("field", {"expression": "request.foo == 1"}),
        validations("result", {"expression": "1"}),
        validations("open result", {"expression": "object.x"}),
        validations("empty", {"expression": " "}),
        bad_policy("nothing"),
        validations("message of two lines", TRUE | {"message": "a\nb"}),
        validations("blank message", TRUE | {"message": " "}),
        validations("message of a wrong type", TRUE | {"messageExpression": "1"}),
        validations("blank message expression", TRUE | {"messageExpression": " "}),
        validations("message that asks", TRUE | {"messageExpression": "string(authorizer.foo)"}),
        validations("reason", TRUE | {"reason": "Foo"}),
        validations("no parameters", {"expression": "params.x == 1"}),
        validations("no variables", {"expression": "variables.x == 1"}),
        validations(
            "another variable",
            {"expression": "variables.b == 1"},
            variables=[{"name": "a", "expression": "1"}],
        ),
        validations("name of a variable", TRUE, variables=[{"name": "a-b", "expression": "1"}]),
        validations("empty variable", TRUE, variables=[{"name": "", "expression": ""}]),
        validations(
            "broken variable",
            {"expression": "variables.a"},
            variables=[{"name": "a", "expression": "foo("}],
        ),
        namespace=False,
    ),
    story(
        "bad policies",
        bad_policy("key of an annotation", auditAnnotations=[{"key": "a b", "valueExpression": "'x'"}]),
        bad_policy("type of an annotation", auditAnnotations=[{"key": "a", "valueExpression": "1"}]),
        bad_policy(
            "annotations of one key",
            auditAnnotations=[
                {"key": "a", "valueExpression": "'x'"},
                {"key": "a", "valueExpression": "null"},
            ],
        ),
        validations("failure policy", TRUE, failurePolicy="Foo"),
        validations(
            "conditions of one name",
            TRUE,
            matchConditions=[{"name": "a", "expression": "true"}, {"name": "a", "expression": "1"}],
        ),
        validations("kind of parameters", TRUE, paramKind={"apiVersion": "a/b/c", "kind": "A_b"}),
        validations("no constraints", TRUE, matchConstraints=None),
        rules("no rules"),
        rules("empty rules", resourceRules=[rule(operations=["FOO"], apiGroups=[], resources=[])]),
        rules(
            "wildcards and more",
            resourceRules=[
                rule(
                    apiGroups=["*", "a"],
                    apiVersions=["*", "v1"],
                    operations=["*", "CREATE"],
                    resources=["*", "pods"],
                    scope="X",
                    resourceNames=["a", "a"],
                )
            ],
        ),
        rules(
            "resources", matchPolicy="X", resourceRules=[rule(resources=["*/*", "pods/status", "a/b/c", ""])]
        ),
        rules("subresources", resourceRules=[rule(resources=["pods/*", "pods/log", "*/scale", "a/scale"])]),
        namespace=False,
    ),
    story(
        "bad bindings",
        bad_binding("empty"),
        bad_binding("action", policyName="p", validationActions=["Foo"]),
        bad_binding("deny and warn", policyName="p", validationActions=["Deny", "Warn"]),
        bad_binding("deny twice", policyName="p", validationActions=["Deny", "Deny"]),
        bad_binding("names", policyName="P_", validationActions=["Deny"], paramRef={}),
        bad_binding(
            "name and selector",
            policyName="p",
            validationActions=["Deny"],
            paramRef={"name": "a", "selector": {}, "parameterNotFoundAction": "Foo"},
        ),
        bad_binding("path", policyName="p", validationActions=["Deny"], paramRef={"name": "a/b"}),
        namespace=False,
    ),
    story(
        "bad mutations",
        bad_mutation("none"),
        bad_mutation("no object", applying("true")),
        bad_mutation("no patches", patching("true")),
        bad_mutation("blank", applying(" ")),
        bad_mutation("patch type", {"patchType": "Foo"}),
        bad_mutation("no patch type", {}),
        bad_mutation("no patch", {"patchType": "JSONPatch"}),
        bad_mutation("both", applying("Object{}") | {"jsonPatch": {"expression": "[]"}}),
        bad_mutation("reinvocation", applying("Object{}"), reinvocationPolicy="X"),
        bad_mutation("no reinvocation", applying("Object{}"), reinvocationPolicy=None),
        bad_mutation(
            "operations",
            applying("Object{}"),
            matchConstraints={"resourceRules": [rule(operations=["DELETE", "*"])]},
        ),
        bad_mutation("another type", applying("Foo{}")),
        namespace=False,
    ),
)

AUTOSCALERS = "/apis/autoscaling/v2/namespaces/<ns>/horizontalpodautoscalers"
OLD_AUTOSCALERS = rule(apiGroups=["autoscaling"], resources=["horizontalpodautoscalers"], operations=["*"])
SEEN = (
    "object.apiVersion + ' ' + string(object.spec.targetCPUUtilizationPercentage) + ' ' + "
    "string(has(object.spec.metrics)) + ' ' + request.kind.version + request.resource.version + ' ' + "
    "request.requestKind.version + request.requestResource.version + ' ' + string(object.spec.maxReplicas)"
)


def autoscaler(name: str) -> Any:
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    return {
        "metadata": {"name": name, "labels": {"policy": "equivalent"}},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": resource}],
        },
    }


def old_rule(**more: Any) -> Any:
    labels = {"matchLabels": {"policy": "equivalent"}}
    return {"resourceRules": [OLD_AUTOSCALERS], "objectSelector": labels, **more}


def _made(kind: str, name: str, match: Any, **spec: Any) -> Step:
    plural = f"{GROUP}/{kind.lower()[:-1]}ies"
    return post(
        f"policy {name}", plural, obj(kind, name, {"matchConstraints": match, **spec}), only=("kind",)
    )


def _bound(kind: str, name: str, **spec: Any) -> Step:
    body = obj(f"{kind}Binding", name, {"policyName": name, **spec})
    return post(f"binding {name}", f"{GROUP}/{kind.lower()}bindings", body, only=("kind",))


def _gone(kind: str, name: str) -> tuple[Step, Step]:
    return (
        delete(f"unbind {name}", f"{GROUP}/{kind.lower()}bindings/{name}", only=("status",)),
        delete(f"delete {name}", f"{GROUP}/{kind.lower()[:-1]}ies/{name}", only=("status",)),
    )


JUDGING = "ValidatingAdmissionPolicy"
DENY = {"validationActions": ["Deny"]}
EQUIVALENT = story(
    "equivalent versions",
    _made(JUDGING, "a-exact", old_rule(matchPolicy="Exact"), validations=[{"expression": "false"}]),
    _bound(JUDGING, "a-exact", **DENY),
    _made(
        JUDGING,
        "b-excluded",
        old_rule(excludeResourceRules=[OLD_AUTOSCALERS]),
        validations=[{"expression": "false"}],
    ),
    _bound(JUDGING, "b-excluded", **DENY),
    _made(
        JUDGING,
        "c-old",
        old_rule(),
        validations=[{"expression": "object.spec.maxReplicas != 3", "messageExpression": SEEN}],
    ),
    _bound(JUDGING, "c-old", **DENY, matchResources=old_rule()),
    post("create", f"{AUTOSCALERS}?dryRun=All", autoscaler("x"), until=422, only=FAILURE),
    *_gone(JUDGING, "a-exact"),
    *_gone(JUDGING, "b-excluded"),
    *_gone(JUDGING, "c-old"),
)

STORIES = (*JUDGED, *MUTATED, EQUIVALENT, *BAD)
