"""Writes a module as ONNX: translated from its trace in a tenth of a second, or by PyTorch's newer exporter."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import Tensor, nn
from torch.onnx.errors import UnsupportedOperatorError

from aitunes.errors import TrainingError

_OPSET = 18
_SINC = "aten::sinc"
_LARGE = 4_096


def onnx_bytes(
    module: nn.Module, inputs: dict[str, Tensor], output_name: str, metadata: dict[str, str] | None = None
) -> bytes:
    """Write a module as ONNX, without a trace of where and when.

    The translation of TorchScript takes a fiftieth of the processor time of the exporter that PyTorch prefers since
    2.9, and gives the same numbers; a player who learns waits for it. Where it does not know an operator, or a later
    PyTorch has it no more, the other one does the work.

    Args:
        inputs: example of each input, by name; the first dimension is the batch.
        metadata: what the file says of itself.
    """
    module = module.eval()
    try:
        proto = _translated(module, inputs, output_name)
    except (UnsupportedOperatorError, TypeError, ImportError):
        proto = _exported(module, inputs, output_name)
    # The exporters note where in whose folders each line of code stood: no business of a release.
    for item in (proto, proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.functions):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    for value in (*proto.graph.value_info, *proto.graph.initializer):
        value.ClearField("metadata_props")
        value.ClearField("doc_string")
    _halve(proto)
    onnx.helper.set_model_props(proto, metadata or {})
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString(deterministic=True))


def _halve(proto: onnx.ModelProto) -> None:
    """Store large weights that half precision holds exactly in half the room; the runtime widens them as it opens."""
    casts = []
    for weight in proto.graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        half = values.astype(np.float16) if values.dtype == np.float32 and values.size >= _LARGE else None
        if half is None or not np.array_equal(half.astype(np.float32), values):
            continue
        casts.append(onnx.helper.make_node("Cast", [f"{weight.name}.half"], [weight.name], to=onnx.TensorProto.FLOAT))
        weight.CopyFrom(onnx.numpy_helper.from_array(half, f"{weight.name}.half"))
    nodes = list(proto.graph.node)
    del proto.graph.node[:]
    proto.graph.node.extend(casts + nodes)


def _translated(module: nn.Module, inputs: dict[str, Tensor], output_name: str) -> onnx.ModelProto:
    """Translate the module's TorchScript trace.

    Raises:
        UnsupportedOperatorError: an operator has no translation.
    """
    stream = io.BytesIO()
    with warnings.catch_warnings(), _sinc_is_known():
        warnings.simplefilter("ignore")  # of age, and of what a trace does not follow, which the parity check finds
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            stream,  # type: ignore[arg-type]  # what the older exporter takes is not written down
            input_names=list(inputs),
            output_names=[output_name],
            dynamic_axes={name: {0: "batch"} for name in (*inputs, output_name)},
            opset_version=_OPSET,
            dynamo=False,
        )
    return onnx.load_from_string(stream.getvalue())


@contextlib.contextmanager
def _sinc_is_known() -> Iterator[None]:
    """Teach the translation sin(πx) / (πx), which the lobes of a harmonic model are made of."""

    def sinc(graph: Any, x: Any) -> Any:
        pi, zero, one = (graph.op("Constant", value_t=torch.tensor(value)) for value in (math.pi, 0.0, 1.0))
        angle = graph.op("Mul", x, pi)
        return graph.op("Where", graph.op("Equal", x, zero), one, graph.op("Div", graph.op("Sin", angle), angle))

    torch.onnx.register_custom_op_symbolic(_SINC, sinc, _OPSET)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.onnx.unregister_custom_op_symbolic(_SINC, _OPSET)  # type: ignore[attr-defined]


def _exported(module: nn.Module, inputs: dict[str, Tensor], output_name: str) -> onnx.ModelProto:
    """Export the module through `torch.export`, which knows every operator and takes seconds."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)  # torch's exporter itself
        warnings.filterwarnings("ignore", message=".*axis name: batch will not be used.*")  # inputs share one batch
        program = torch.onnx.export(
            module,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=[output_name],
            dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs),
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise TrainingError("PyTorch's ONNX exporter gave no model.")
    return program.model_proto
