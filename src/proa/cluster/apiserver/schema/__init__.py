"""What the published schemas say about an object: types, names, required fields, list keys."""

from proa.cluster.apiserver.schema.catalogue import SCHEMAS, Schemas
from proa.cluster.apiserver.schema.check import Findings
from proa.cluster.apiserver.schema.field_error import FieldError, invalid
from proa.cluster.apiserver.schema.node import Node

__all__ = ["SCHEMAS", "FieldError", "Findings", "Node", "Schemas", "invalid"]
