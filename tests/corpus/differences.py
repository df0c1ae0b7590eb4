"""Where answers may differ from the recorded ones. Each name is explained in docs/api-differences.md."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Steps (a pattern of `family/story/step`) and paths in their answers (a pattern) that may differ."""

    name: str
    steps: str
    paths: str = ".*"

    def covers(self, step: str, path: str) -> bool:
        """Whether this explains that the two answers to a step differ at a path."""
        return bool(re.fullmatch(self.steps, step) and re.fullmatch(self.paths, path))


_WORDS = r"body\.(message|details|details\..*)"
_ERROR = r"code|headers\..*|body\.(message|details|details\..*|code|reason|status)"

DIFFERENCES: tuple[Difference, ...] = (
    Difference("items name their kind", ".*", r"body\.items\[\d+\]\.(kind|apiVersion)"),
    Difference("old versions", "discovery/.*", r"body\.(groups|versions|items).*"),
    Difference("storage versions", "discovery/.*", r"body\.resources\[\d+\]\.storageVersionHash"),
    Difference("unknown paths", "discovery/documents/an unknown (group|path|check)"),
    Difference("unknown paths", "refusals/methods/(post to a group that is none|delete what is of no kind)"),
    Difference(
        "wording",
        "refusals/bodies/(no JSON|no object|a text|nothing|something after it|broken .*|another .*"
        "|a kind that nobody knows|a number too large)",
        _WORDS,
    ),
    Difference("wording", "refusals/(negotiation|users)/.*", _WORDS),
    Difference("wording", "refusals/field validation/.*", _WORDS),
    Difference("wording", "refusals/metadata/a bad generated name", _WORDS),
    Difference("wording", "(patches|times/writes)/.*", _WORDS),
    Difference(
        "wording",
        "reading/.*/(app%20in%20x|a%20b|%3D|app%3Dx%3Dy|-%3Dx|a bad .*|no number|negative|exact"
        "|of the future, exact)",
        _WORDS,
    ),
    Difference("wording", "evictions/without a budget/with a wrong uid", _WORDS),
    Difference(
        "values in messages",
        "creates/dry run/bad: (deploy strategy|sts policy|svc dup ports|pdb both)",
        _WORDS,
    ),
    Difference("values in messages", "refusals/metadata/two controllers", _WORDS),
    Difference("values in messages", "certificates/(outcomes/another spec|volumes/by both)", _WORDS),
    Difference(
        "bad input is no server error",
        "refusals/metadata/a resourceVersion( of one that is there)?"
        "|refusals/field validation/unknown in an apply"
        "|patches/merge/a revision that is none|patches/strategic/(an order|a container|an unknown).*"
        "|patches/apply/(a wrong type|a container twice)|evictions/two budgets/ask"
        "|reading/revisions/one, no number|reading/watches/no number|times/writes/apply.* badly",
    ),
    Difference("conflicts come last", "patches/apply/another (name|namespace)", _ERROR),
    Difference("maps given twice", "duplicates/bodies/data, (warned|ignored)", r"body\.data\.a"),
    Difference("wording", "duplicates/(patches/.*|custom/(merge|JSON patch), strictly)", _WORDS),
    Difference("times of other ages", "times/(micro)?seconds/(year 0|before year 0|after year 9999), .*"),
    Difference("owners given twice", "refusals/metadata/an owner twice"),
    Difference(
        "generation of kinds that have none",
        "refusals/metadata/times of its own",
        r"body\.metadata\.generation",
    ),
    Difference(
        "null in a map", "refusals/metadata/a null label", r"body\.metadata\.(labels|managedFields).*"
    ),
    Difference("JSON only", "refusals/negotiation/YAML"),
    Difference("wording", "refusals/negotiation/(metadata of a list|a list of metadata of one)", _WORDS),
    Difference("reviews", "refusals/methods/get a review", _ERROR),
    Difference("reviews", "refusals/users/a stranger asks who it is", r"body\.metadata\..*"),
    Difference(
        "empty lists",
        ".*",
        r".*\.managedFields.*f:(spec|rules|drivers|endpoints|ports).*|body\.metadata\.managedFields",
    ),
    Difference(
        "templates of DaemonSets",
        ".*/.*(daemonset|DaemonSet).*",
        r".*(annotations|template\.generation|f:metadata).*",
    ),
    Difference("sources of claims", "creates/dry run/good: pvc source", r".*f:dataSourceRef"),
    Difference("owners of replicas", "writes/in order/(after scaling|apply a Scale)"),
    Difference("values in messages", r"verbs/(v1 Pod|batch/v1 Job)/replace it, of no revision", _WORDS),
    Difference("warnings of errors and watches", "verbs/(v1 Endpoints|batch/v1 Job)/.*", r"headers\.Warning"),
    Difference("services twice", "verbs/v1 Service/create it again", _ERROR),
    Difference("reviews", "refusals/users/a local review", r"body\.metadata\..*"),
    Difference("own controllers", "printed/(crd|flowschema)/.*", r"body\.(rows|metadata).*"),
    Difference("writes of the same", "printed/pvc.*", r".*\.resourceVersion"),
    Difference("labels of Jobs", "printed/job indexed/.*"),
    Difference("deletion times", "printed/pod terminating/.*"),
    Difference("wording", "refusals/users/a review of a path", r"body\.status\.reason"),
    Difference(
        "values in messages",
        "custom/definitions/(root fields beside status|not stored|versions of one name)",
        _WORDS,
    ),
    Difference("wording", "protobuf/bodies/cut short", _WORDS),
    Difference("values in messages", "addresses/objects/of another parent", _WORDS),
    Difference(
        "age of addresses",
        "addresses/objects/as a table",
        r"body\.(columnDefinitions|rows\[0\]\.cells\[2\])",
    ),
    Difference("watches from the future", "reading/watches/from the future"),
    Difference("unknown paths", "access/users/unknown path .*"),
    Difference("wording", "access/users/(forbidden path|anonymous .*|csr empty)", _WORDS),
    Difference("values in messages", "access/users/(may I with metadata|claim status by node)", _WORDS),
    Difference("own controllers", "access/users/csr with an unknown condition", _WORDS),
)
