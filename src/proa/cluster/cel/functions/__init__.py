"""The functions that expressions may call, as Kubernetes 1.37 offers them."""

from proa.cluster.cel.functions import (
    conversions,
    lists,
    moments,
    operators,
    optionals,
    sets,
    standard,
    strings,
)
from proa.cluster.cel.functions.overload import Library, Overload

LIBRARY = Library(
    (
        *operators.OVERLOADS,
        *standard.OVERLOADS,
        *conversions.OVERLOADS,
        *moments.OVERLOADS,
        *strings.OVERLOADS,
        *lists.OVERLOADS,
        *sets.OVERLOADS,
        *optionals.OVERLOADS,
    )
)
"""Everything that is always there."""

__all__ = ["LIBRARY", "Library", "Overload"]
