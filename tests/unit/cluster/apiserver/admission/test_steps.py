"""Which steps of admission a request passes."""

import pytest

from proa.cluster.apiserver.admission import (
    COMPLETING,
    MUTATING,
    VALIDATING,
    Chain,
    Request,
    about,
    about_new,
)
from proa.cluster.apiserver.admission.request import Operation
from proa.cluster.apiserver.admission.steps import Step
from proa.cluster.apiserver.view import View


def _step(_request: Request, _view: View) -> None:
    """Decides nothing."""


ALWAYS: Step = _step
PODS, NEW_PODS = about("pods")(_step), about_new("pods", "nodes")(_step)
CHAIN = Chain(mutating=(ALWAYS, PODS, NEW_PODS), final=(NEW_PODS, PODS))


@pytest.mark.parametrize(
    ("operation", "kind", "subresource", "passed"),
    [
        ("CREATE", "pods", "", (ALWAYS, PODS, NEW_PODS)),
        ("UPDATE", "pods", "", (ALWAYS, PODS)),
        ("CREATE", "pods", "eviction", (ALWAYS, PODS)),
        ("CREATE", "nodes", "", (ALWAYS, NEW_PODS)),
        ("DELETE", "configmaps", "", (ALWAYS,)),
    ],
)
def test_a_request_passes_the_steps_that_are_about_it(
    operation: Operation, kind: str, subresource: str, passed: tuple[Step, ...]
) -> None:
    part = CHAIN.concerning(operation, kind, subresource)

    assert part.mutating == passed
    assert set(part.final) == set(passed) - {ALWAYS}


def test_a_config_map_passes_few_steps() -> None:
    whole = Chain(mutating=MUTATING, completing=COMPLETING, validating=VALIDATING)
    part = whole.concerning("CREATE", "configmaps", "")

    assert [*part.mutating, *part.completing, *part.validating] == [MUTATING[0]]
