"""The patch engines: pure functions of a document and a patch.

None changes its arguments, and a result shares no mutable value with them. A patch that
cannot be applied raises an ApiError with the code that Kubernetes answers.
"""

from proa.cluster.apiserver.patch.json_patch import apply_json_patch
from proa.cluster.apiserver.patch.merge import apply_merge_patch
from proa.cluster.apiserver.patch.strategic import apply_strategic_patch

__all__ = ["apply_json_patch", "apply_merge_patch", "apply_strategic_patch"]
