"""Aggregation: API servers behind this one, found by their APIServices."""

from proa.cluster.apiserver.aggregation.aggregator import Aggregator

__all__ = ["Aggregator"]
