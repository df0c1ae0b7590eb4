"""Aggregation: API servers behind this one, found by their APIServices."""

from proa.cluster.apiserver.aggregation.aggregator import Aggregator
from proa.cluster.apiserver.aggregation.documents import MergedDiscovery
from proa.cluster.apiserver.aggregation.openapi import MergedOpenApi

__all__ = ["Aggregator", "MergedDiscovery", "MergedOpenApi"]
