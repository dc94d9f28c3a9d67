"""Keeps the weights of a release as half precision, in half the room."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx
import torch
from torch import nn

_MANY = 4_096


@torch.no_grad()
def rounded(model: nn.Module) -> None:
    """Round the large weights of a model to half precision, so that a compact export is the model itself."""
    for values in (*model.parameters(), *model.buffers()):
        if values.dtype == torch.float32 and values.numel() >= _MANY:
            values.copy_(values.half().float())


def with_half_weights(model: bytes) -> bytes:
    """Keep the large float32 weights of an ONNX model as half precision, which it widens as it is opened."""
    proto = onnx.load_model_from_string(model)
    casts = []
    for weights in proto.graph.initializer:
        if weights.data_type == onnx.TensorProto.FLOAT and prod(weights.dims) >= _MANY:
            name, values = weights.name, onnx.numpy_helper.to_array(weights)
            weights.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            casts.append(onnx.helper.make_node("Cast", [weights.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString(deterministic=True))
