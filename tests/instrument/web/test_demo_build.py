"""Tests that a demo site is complete, and what the builder refuses, in a sentence."""

import json
import re

import numpy as np
import pytest

from instrument.storage.library import DEFAULT_RELEASE
from instrument.web.demo.__main__ import main
from instrument.web.demo.plan import DemoSiteError, compile_plan

onnx = pytest.importorskip("onnx")
MAX_PAGE_BYTES = 200_000


def test_the_command_builds_a_site_whose_modules_are_all_there(tmp_path, capsys):
    folder = tmp_path / "site"
    assert main(["--to", str(folder)]) == 0
    assert "http.server" in capsys.readouterr().out
    described = json.loads((folder / "release" / "release.json").read_text(encoding="utf-8"))
    constants = described["drawing"]["plan"]["constants"].values()
    weights = np.fromfile(folder / "release" / "weights.bin", "<f4")
    assert weights.size == sum(constant["size"] for constant in constants)
    assert np.isfinite(weights).all()
    page = [path for path in folder.rglob("*") if path.suffix in (".js", ".css", ".html")]
    assert sum(path.stat().st_size for path in page) <= MAX_PAGE_BYTES
    for path in page:
        text = path.read_text(encoding="utf-8")
        assert "://" not in re.sub(r"xmlns=\S+", "", text), path
        for other in re.findall(r"""(?:from|import) "(\.[^"]+)";""", text):
            assert (path.parent / other).is_file(), (path, other)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), path
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert "default-src 'self'" in html
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)


def test_an_earlier_site_is_replaced_and_anything_else_is_left_alone(tmp_path, capsys):
    site, other = tmp_path / "site", tmp_path / "other"
    assert main(["--to", str(site)]) == main(["--to", str(site)]) == 0
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    assert main(["--to", str(other)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]


def test_a_release_that_a_page_cannot_play_is_refused_before_anything_is_written(tmp_path, releases, capsys):
    assert main(["--to", str(tmp_path / "site"), "--releases", str(releases), "--release", "tiny"]) == 1
    assert "has no drawing.onnx" in capsys.readouterr().err
    assert main(["--to", str(tmp_path / "site"), "--release", "nothing-of-that-name"]) == 1
    assert not (tmp_path / "site").exists()
    assert DEFAULT_RELEASE not in capsys.readouterr().out


def graph(*nodes, constants=(), size=3):
    """Return a graph z [batch, size] → y."""
    inputs = [onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, ["batch", size])]
    output = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    tensors = [onnx.numpy_helper.from_array(np.asarray(values, np.float32), name) for name, values in constants]
    made = [onnx.helper.make_node(op, list(of), [to], **attributes) for op, of, to, attributes in nodes]
    return onnx.helper.make_graph(made, "test", inputs, [output], tensors)


def test_weights_are_kept_as_rows_whichever_way_the_graph_has_them():
    weights, bias = np.arange(6.0).reshape(3, 2), [1.0, 2.0]
    constants = (("w", weights), ("b", bias))
    plan = compile_plan(graph(("Gemm", ("z", "w", "b"), "y", {"alpha": 2.0}), constants=constants))
    assert plan.steps == [{"op": "dense", "from": ["z", "y weights", "y bias"], "to": "y", "size": 2}]
    np.testing.assert_array_equal(plan.weights(), [0, 4, 8, 2, 6, 10, 1, 2])


@pytest.mark.parametrize(
    ("nodes", "constants", "sentence"),
    [
        (
            [("Conv", ("z", "w"), "y", {})],
            [("w", np.ones((1, 1, 3)))],
            "operation Conv, which the page cannot do",
        ),
        ([("Concat", ("z", "z"), "y", {"axis": 0})], [], "Concat that the page cannot do"),
        ([("Gemm", ("z", "z"), "y", {})], [], "Gemm that the page cannot do"),
        ([("Gemm", ("z", "w"), "y", {})], [("w", np.ones((4, 2)))], "of fitting sizes"),
        ([("Add", ("z", "c"), "y", {})], [("c", np.ones(2))], "of equal sizes"),
        ([("Add", ("z", "c"), "y", {})], [("c", np.ones((2, 3)))], "more than one row"),
        ([("Relu", ("later",), "y", {})], [], "before it is there"),
        ([("LayerNormalization", ("z", "z"), "y", {})], [], "constant scale and shift"),
    ],
)
def test_a_graph_that_the_page_cannot_run_is_refused(nodes, constants, sentence):
    with pytest.raises(DemoSiteError, match=sentence):
        compile_plan(graph(*nodes, constants=constants))
