"""policy: disruption budgets."""

from proa.cluster.apiserver.kind import STATUS, Group

KINDS = (
    Group("policy").namespaced(
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        short_names=("pdb",),
        subresources=(STATUS,),
        generation=True,
    ),
)
