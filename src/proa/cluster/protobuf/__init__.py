"""Protocol buffers from tables: a small wire codec, without generated code.

Tables are written by hand as text (`messages`), or read from the data file that
`scripts/distil-protobuf` makes out of the Kubernetes API definitions (`kubernetes`).
"""

from proa.cluster.protobuf.codec import Codec
from proa.cluster.protobuf.field import Field, messages
from proa.cluster.protobuf.wire import DecodeError

__all__ = ["Codec", "DecodeError", "Field", "messages"]
