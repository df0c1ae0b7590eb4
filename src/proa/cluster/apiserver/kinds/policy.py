"""policy: disruption budgets."""

from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.validation import policies as rules

KINDS = (
    Group("policy").namespaced(
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        unconditional_updates=False,
        short_names=("pdb",),
        subresources=(STATUS,),
        columns=columns.DISRUPTION_BUDGETS,
        rules=(rules.disruption_budget,),
        first_status=status.disruption_budget,
        generation=True,
    ),
)
