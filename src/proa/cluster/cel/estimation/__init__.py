"""What expressions may cost, by the sizes that a schema allows."""

from proa.cluster.cel.estimation.estimator import Estimator
from proa.cluster.cel.estimation.interval import LARGEST
from proa.cluster.cel.estimation.sizes import REQUEST, Sized, sized

__all__ = ["LARGEST", "REQUEST", "Estimator", "Sized", "sized"]
