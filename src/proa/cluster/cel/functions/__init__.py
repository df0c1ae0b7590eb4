"""The functions that expressions may call, as Kubernetes 1.37 offers them."""

from proa.cluster.cel.functions import (
    authorization,
    conversions,
    formats,
    lists,
    moments,
    network,
    operators,
    optionals,
    quantity,
    semver,
    sets,
    standard,
    strings,
    urls,
)
from proa.cluster.cel.functions.overload import Library, Overload

_EVERYWHERE = (
    *operators.OVERLOADS,
    *standard.OVERLOADS,
    *conversions.OVERLOADS,
    *moments.OVERLOADS,
    *strings.OVERLOADS,
    *lists.OVERLOADS,
    *sets.OVERLOADS,
    *optionals.OVERLOADS,
    *quantity.OVERLOADS,
    *network.OVERLOADS,
    *urls.OVERLOADS,
    *semver.OVERLOADS,
    *formats.OVERLOADS,
    *authorization.OVERLOADS,
)

LIBRARY = Library(_EVERYWHERE)
"""What every expression may call."""

PATCH_LIBRARY = Library((*_EVERYWHERE, *authorization.PATCH_OVERLOADS))
"""What the mutations of policies may call."""

__all__ = ["LIBRARY", "PATCH_LIBRARY", "Library", "Overload"]
