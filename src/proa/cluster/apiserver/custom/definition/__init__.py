"""What makes a CustomResourceDefinition a valid one. Pure.

Source: apiextensions-apiserver, pkg/apis/apiextensions/validation, whose messages these are.
"""

from proa.cluster.apiserver.custom.definition.rules import definition_rules
from proa.cluster.apiserver.custom.definition.warnings import warn

__all__ = ["definition_rules", "warn"]
