"""Measures how long opening a release's decoder keeps every other Python thread waiting: as bytes, or by path.

    python -m benchmarks.session_creation

A thread stamps the time every 0.2 ms; its longest gap while a session is made is what the synth's thread would lose.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from aitunes.release.reader import session_options
from aitunes.release.runtime import load_runtime

onnxruntime = load_runtime()

SIZES = ((8, 256, 512, 128), (64, 512, 1024, 4096), (64, 1024, 2048, 16_384))
ROUNDS = 7


def dense_model(sizes: tuple[int, ...]) -> bytes:
    """Return a perceptron with these layers, as ONNX."""
    rng = np.random.default_rng(0)
    nodes, weights, name = [], [], "z"
    for n, shape in enumerate(pairwise(sizes)):
        weights.append(numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), f"w{n}"))
        nodes.append(helper.make_node("MatMul", [name, f"w{n}"], [f"y{n}"]))
        name = f"y{n}"
    inputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", sizes[0]])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", sizes[-1]])]
    graph = helper.make_graph(nodes, "dense", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    return bytes(model.SerializeToString())


def main() -> None:
    """Measure and print a row for docs/decisions/0003-live-path.md."""
    sys.setswitchinterval(2e-4)
    stamps: list[float] = []
    done = threading.Event()

    def stamp() -> None:
        while not done.wait(2e-4):
            stamps.append(time.perf_counter())

    threading.Thread(target=stamp, daemon=True).start()
    for sizes in SIZES:
        content = dense_model(sizes)
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            Path(file.name).write_bytes(content)
            for how, model in (("bytes", content), ("path", file.name)):
                gaps = []
                for _ in range(ROUNDS):
                    time.sleep(0.02)
                    first = len(stamps) - 1
                    onnxruntime.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])
                    time.sleep(0.005)
                    gaps.append(1e3 * np.diff(stamps[first:]).max())
                size, median = len(content) / 1e6, np.median(gaps)
                print(f"{size:6.1f} MB as {how:5}  median {median:5.1f} ms, most {max(gaps):5.1f} ms")
    done.set()


if __name__ == "__main__":
    main()
