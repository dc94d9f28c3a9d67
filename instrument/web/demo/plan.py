"""Compiles the network of a `drawing.onnx` into a list of steps that a page runs without ONNX.

Every step takes named rows of numbers and leaves one more; the batch is 1. What `demo_page/network.js` does not do
is refused here, so that a site which was built also plays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray

PAIRS = {"Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide"}
SINGLES = {"Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu"}
_EPSILON = 1e-5  # ONNX's own, where a node says nothing
_MAX_WEIGHTS = 8_000_000
_LAST_AXIS = (1, -1)

Step = dict[str, Any]


class DemoSiteError(AiTunesError):
    """Says why a release cannot become a page."""


@dataclass
class Plan:
    """Holds a network as steps.

    Args:
        inputs: name → numbers.
        constants: name → numbers, in the order of the weights' file.
        steps: each with `op`, `from` (names), `to` (name), `size` (numbers), and what the operation needs besides.
        output: name of the value that is the drawing.
    """

    inputs: dict[str, int]
    constants: dict[str, FloatArray] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    output: str = ""

    def described(self) -> Step:
        """Return the plan as JSON has it: constants by offset and size within the weights."""
        offsets, at = {}, 0
        for name, values in self.constants.items():
            offsets[name] = {"offset": at, "size": values.size}
            at += values.size
        return {"inputs": self.inputs, "constants": offsets, "steps": self.steps, "output": self.output}

    def weights(self) -> FloatArray:
        """Return all constants, one after the other."""
        return np.concatenate([values.ravel() for values in self.constants.values()]).astype("<f4")


def read_graph(path: Path) -> Any:
    """Read an ONNX graph.

    Raises:
        DemoSiteError: the package that reads it is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise DemoSiteError("Building the site needs the package onnx: pip install onnx.") from error
    return onnx.load(str(path)).graph


def compile_plan(graph: Any) -> Plan:
    """Compile a graph of one output and inputs of shape [batch, numbers].

    Raises:
        DemoSiteError: an operation, or a use of it, that the page does not know.
    """
    from onnx import helper, numpy_helper

    known = {tensor.name: numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer}
    if sum(values.size for values in known.values()) > _MAX_WEIGHTS:
        raise DemoSiteError(f"The network has more than {_MAX_WEIGHTS:,} weights; a page should not load so many.")
    inputs = {each.name: each.type.tensor_type.shape.dim[1].dim_value for each in graph.input if each.name not in known}
    compiler = _Compiler(Plan(inputs, output=graph.output[0].name), known, dict(inputs))
    for node in graph.node:
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        compiler.add(node.op_type, list(node.input), node.output[0], attributes)
    if graph.output[0].name not in compiler.sizes:
        raise DemoSiteError("The network's output is a constant; export the release again.")
    return compiler.plan


@dataclass
class _Compiler:
    plan: Plan
    known: dict[str, FloatArray]
    sizes: dict[str, int]

    def add(self, op: str, inputs: list[str], output: str, attributes: Step) -> None:
        if op in PAIRS:
            self._pair(op, inputs, output)
        elif op in SINGLES:
            self._step(SINGLES[op], inputs, output, self._size(inputs[0]))
        elif op in _OTHERS:
            _OTHERS[op](self, inputs, output, attributes)
        else:
            raise DemoSiteError(
                f"The network has the operation {op}, which the page cannot do; it does "
                f"{', '.join(sorted([*PAIRS, *SINGLES, *_OTHERS]))}."
            )

    def concatenate(self, inputs: list[str], output: str, attributes: Step) -> None:
        self._need(attributes.get("axis") in _LAST_AXIS, "Concat", "along the numbers")
        self._step("concatenate", inputs, output, sum(self._size(name) for name in inputs))

    def dense(self, inputs: list[str], output: str, attributes: Step) -> None:
        x, weights = inputs[0], self.known.get(inputs[1])
        self._need(weights is not None and x not in self.known and weights.ndim == 2, "Gemm", "by constant weights")
        assert weights is not None
        self._need(not attributes.get("transA"), "Gemm", "of rows")
        rows = weights if attributes.get("transB") else weights.T
        self._need(rows.shape[1] == self._size(x), "Gemm", "of fitting sizes")
        bias = self.known.get(inputs[2]) if len(inputs) > 2 else np.zeros(1, np.float32)
        self._need(bias is not None and bias.size in (1, len(rows)), "Gemm", "with a constant bias")
        assert bias is not None
        alpha, beta = np.float32(attributes.get("alpha", 1.0)), np.float32(attributes.get("beta", 1.0))
        names = [f"{output} weights", f"{output} bias"]
        self.plan.constants[names[0]] = np.ascontiguousarray(rows * alpha)
        self.plan.constants[names[1]] = np.broadcast_to(np.ravel(bias) * beta, len(rows)).astype(np.float32)
        self._step("dense", [x, *names], output, len(rows))

    def normalise(self, inputs: list[str], output: str, attributes: Step) -> None:
        size = self._size(inputs[0])
        self._need(attributes.get("axis", -1) in _LAST_AXIS, "LayerNormalization", "of the numbers")
        scale = self.known.get(inputs[1])
        shift = self.known.get(inputs[2]) if len(inputs) > 2 else np.zeros(size, np.float32)
        fits = scale is not None and shift is not None and scale.size == shift.size == size
        self._need(fits, "LayerNormalization", "with a constant scale and shift for each number")
        assert scale is not None
        assert shift is not None
        names = [f"{output} scale", f"{output} shift"]
        self.plan.constants.update(zip(names, (scale, shift), strict=True))
        epsilon = float(attributes.get("epsilon", _EPSILON))
        self._step("normalise", [inputs[0], *names], output, size, epsilon=epsilon)

    def _pair(self, op: str, inputs: list[str], output: str) -> None:
        a, b = (self._size(name) for name in inputs)
        self._need(a == b or 1 in (a, b), op, "of equal sizes, or with one number")
        self._step(PAIRS[op], inputs, output, max(a, b))

    def _size(self, name: str) -> int:
        if name in self.known:
            values = self.known[name]
            if values.size != (values.shape[-1] if values.ndim else 1):
                raise DemoSiteError(f"The network's constant {name} has more than one row, which the page cannot take.")
            self.plan.constants[name] = values
            return int(values.size)
        if name not in self.sizes:
            raise DemoSiteError(f"The network uses {name!r} before it is there; export the release again.")
        return self.sizes[name]

    def _step(self, op: str, inputs: list[str], output: str, size: int, **others: float) -> None:
        for name in inputs:
            if name not in self.plan.constants:
                self._size(name)
        self.sizes[output] = size
        self.plan.steps.append({"op": op, "from": inputs, "to": output, "size": size, **others})

    @staticmethod
    def _need(holds: bool, op: str, what: str) -> None:
        if not holds:
            raise DemoSiteError(f"The network has a {op} that the page cannot do; it does those {what}.")


_OTHERS: dict[str, Callable[[_Compiler, list[str], str, Step], None]] = {
    "Concat": _Compiler.concatenate,
    "Gemm": _Compiler.dense,
    "MatMul": _Compiler.dense,
    "LayerNormalization": _Compiler.normalise,
}
