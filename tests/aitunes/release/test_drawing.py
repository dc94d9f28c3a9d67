"""The decoder's network alone, for a compiled renderer."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.drawing import DRAWING
from aitunes.release.reader import CARD, read_release, sha256
from aitunes.release.trial import try_decoder
from instrument.synthesis.decoders import Decoder

BUNDLED = Path(__file__).parents[3] / "instrument" / "releases"


@pytest.fixture
def change(tmp_path):
    """Change the drawing of a copy of First Light, by a function of its ONNX model, and return the folder."""
    onnx = pytest.importorskip("onnx", reason="pip install aitunes[training]")
    folder = tmp_path / "first-light"
    shutil.copytree(BUNDLED / "first-light", folder)

    def change(edit):
        model = onnx.load(folder / DRAWING)
        edit(model)
        (folder / DRAWING).write_bytes(model.SerializeToString())
        card = json.loads((folder / CARD).read_text())
        card["files"][DRAWING] = sha256(folder / DRAWING)
        (folder / CARD).write_text(json.dumps(card))
        return folder

    return change


def say(**metadata):
    def edit(model):
        for entry in model.metadata_props:
            entry.value = metadata.get(entry.key, entry.value)

    return edit


@pytest.mark.parametrize("name", ["first-light", "chamber"])
def test_the_short_way_gives_what_the_whole_decoder_gives(name, rng):
    release = read_release(BUNDLED / name)
    assert release.drawing is not None
    z = release.card.latent.codes(rng.uniform(-3.0, 3.0, (40, release.card.latent_dim)))
    low, high = release.card.inputs[1].range
    controls = list(zip(rng.uniform(low, high, 40), rng.uniform(-60.0, 0.0, 40), strict=True))
    short, whole = Decoder(release)(z, controls), Decoder(replace(release, drawing=None))(z, controls)
    audible = (short > 0) & (whole > 0)
    assert np.abs(20 * np.log10(short[audible] / whole[audible])).max() < 0.1
    assert ((short > 0) != (whole > 0)).mean() < 1e-4


@pytest.mark.parametrize(
    "metadata", [{"points": "63"}, {"harmonics": "9" * 400}, {"points": "-1"}, {"harmonics": "٣٢"}]
)
def test_a_drawing_that_does_not_fit_is_refused(change, metadata):
    with pytest.raises(ReleaseError, match=r"drawing\.onnx of first-light (does not fit|gives no)"):
        read_release(change(say(**metadata)))


def test_a_renderer_of_a_later_version_is_passed_over(change):
    assert read_release(change(say(renderer="granular"))).drawing is None


def test_a_drawing_that_was_changed_on_disk_is_refused(change):
    folder = change(say())
    with (folder / DRAWING).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ReleaseError, match=r"drawing\.onnx of the release first-light is not the file"):
        read_release(folder)


def test_a_drawing_that_is_not_finite_at_some_codes_does_not_pass_the_trial(change):
    def poison(model):
        import onnx

        # The root of a number that is negative at half of the codes.
        last = next(node for node in model.graph.node if "drawing" in node.output)
        last.output[0] = "plain"
        model.graph.node.append(onnx.helper.make_node("Sqrt", ["plain"], ["drawing"]))

    with pytest.raises(ReleaseError, match="something else than finite numbers"):
        try_decoder(change(poison))


def cut(model):
    """Have the drawing lose most of its numbers where the first coordinate is positive."""
    import onnx

    last = next(node for node in model.graph.node if "drawing" in node.output)
    last.output[0] = "plain"
    constants = {"zero": [0], "one": [1], "many": [model.graph.output[0].type.tensor_type.shape.dim[1].dim_value]}
    for name, value in constants.items():
        model.graph.initializer.append(onnx.helper.make_tensor(name, onnx.TensorProto.INT64, [1], value))
    model.graph.initializer.append(onnx.helper.make_tensor("nought", onnx.TensorProto.FLOAT, [], [0.0]))
    for kind, inputs, output in (
        ("ReduceMax", ["z"], "largest"),
        ("Greater", ["largest", "nought"], "positive"),
        ("Where", ["positive", "one", "many"], "ends"),
        ("Slice", ["plain", "zero", "ends", "one"], "drawing"),
    ):
        words = {"keepdims": 0} if kind == "ReduceMax" else {}
        model.graph.node.append(onnx.helper.make_node(kind, inputs, [output], **words))


def test_a_drawing_that_is_shorter_at_some_codes_does_not_pass_the_trial(change):
    with pytest.raises(ReleaseError, match="something else than finite numbers"):
        try_decoder(change(cut))


def test_a_drawing_that_is_shorter_while_it_plays_never_reaches_the_compiled_renderer(change):
    decoder = Decoder(read_release(change(cut)))
    controls = [(60.0, -6.0)]
    assert np.isfinite(decoder(np.full(8, -1.0, np.float32), controls)).all()
    with pytest.raises(ValueError, match=r"a drawing of \[1, 1\] numbers"):
        decoder(np.full(8, 1.0, np.float32), controls)
