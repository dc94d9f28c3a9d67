"""Every way in which a folder fails to be a release has a sentence of its own."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.reader import CARD, DECODER, MAP, read_card, read_landmarks, read_release, sha256
from aitunes.release.writer import write_release

pytestmark = pytest.mark.training


@pytest.fixture
def folder(tiny, tmp_path):
    return tiny.write(tmp_path)


def change_card(folder, **changes):
    values = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**values, **changes}))


def replace_file(folder, name, content):
    """Change a file and its hash in the card, so that only what the file says is wrong."""
    (folder / name).write_bytes(content)
    files = json.loads((folder / CARD).read_text())["files"]
    change_card(folder, files={**files, name: sha256(folder / name)})


def refuses(folder, sentence):
    with pytest.raises(ReleaseError, match=sentence):
        read_release(folder)


def test_a_release_is_what_was_written(tiny, tmp_path):
    card = tiny.card(latent_dim=4, frames=6)
    files = tiny.files(card, tiny.decoder(card))
    release = read_release(write_release(tmp_path, card, files))
    assert replace(release.card, files={}) == card
    assert {name: (release.folder / name).read_bytes() for name in release.card.files} == files
    z = np.zeros((3, 4), np.float32)
    assert release.decoder.run(None, {"z": z})[0].shape == (3, 32, 6)


def test_landmarks_come_with_their_names(folder):
    marks = read_landmarks(folder, read_card(folder))
    assert marks.codes.shape == (5, 3)
    assert list(marks.labels) == [f"item {n}" for n in range(5)]


def test_a_folder_without_a_card_is_no_release(tmp_path):
    refuses(tmp_path / "nowhere", "is not a release: it has no card.json")


def test_a_missing_file_is_named(folder):
    (folder / DECODER).unlink()
    refuses(folder, r"The release tiny is incomplete: decoder\.onnx is missing")


def test_a_changed_file_is_named(folder):
    content = bytearray((folder / MAP).read_bytes())
    content[-1] ^= 1
    (folder / MAP).write_bytes(content)
    refuses(folder, r"map\.npz of the release tiny is not the file that was exported: its SHA-256 differs")


def test_a_file_that_the_card_forgets_is_named(folder):
    files = json.loads((folder / CARD).read_text())["files"]
    del files[DECODER]
    change_card(folder, files=files)
    refuses(folder, r"The card of tiny does not list decoder\.onnx")


def test_an_unknown_schema_version_is_refused(folder):
    change_card(folder, schema=99)
    refuses(folder, "schema version 99; this AiTunes reads version 1. Update AiTunes")


def test_a_card_with_a_path_in_its_name_is_refused(folder):
    change_card(folder, name="../tiny")
    refuses(folder, "without a path")


def test_a_card_with_a_path_in_a_file_name_is_refused(folder):
    files = json.loads((folder / CARD).read_text())["files"]
    change_card(folder, files={**files, "../../secret": "0" * 64})
    refuses(folder, "'../../secret', which is not a plain name")


def test_a_decoder_with_other_shapes_than_its_card_is_refused(tiny, folder):
    replace_file(folder, DECODER, tiny.decoder(tiny.card(n_mels=16)))
    refuses(folder, r"The decoder of tiny has S \['batch', 16, 1\] where its card says S \['batch', 32, 1\]")
    replace_file(folder, DECODER, tiny.decoder(tiny.card(latent_dim=2)))
    refuses(folder, r"The decoder of tiny has z \['batch', 2\] where its card says z \['batch', 3\]")


def test_a_decoder_that_answers_with_nan_is_refused(tiny, folder):
    replace_file(folder, DECODER, tiny.decoder(tiny.card(), bias=np.nan, clip=False))
    refuses(folder, r"The decoder of tiny answers z = 0 with values that are no numbers \(NaN\)")


def test_a_decoder_that_answers_beyond_its_range_is_refused(tiny, folder):
    replace_file(folder, DECODER, tiny.decoder(tiny.card(), bias=1.5, clip=False))
    refuses(folder, "answers z = 0 with values from 1.5 to 1.5; its card promises 0 to 1")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 100])
def test_a_decoder_that_is_no_model_is_refused(folder, content):
    replace_file(folder, DECODER, content)
    refuses(folder, "The decoder of tiny is not an ONNX model this machine can run")


def small_model(z_type, nodes, constants=()):
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        nodes,
        "decoder",
        [helper.make_tensor_value_info("z", z_type, ["batch", 3])],
        [helper.make_tensor_value_info("S", TensorProto.FLOAT, ["batch", 32, 1])],
        list(constants),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def test_a_decoder_that_wants_another_type_of_number_is_refused(folder):
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Cast", ["z"], ["z32"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["z32", "weights"], ["flat"]),
        helper.make_node("Unsqueeze", ["flat", "axes"], ["S"]),
    ]
    constants = [
        numpy_helper.from_array(np.zeros((3, 32), np.float32), "weights"),
        numpy_helper.from_array(np.array([2]), "axes"),
    ]
    replace_file(folder, DECODER, small_model(TensorProto.DOUBLE, nodes, constants))
    refuses(folder, "The decoder of tiny cannot decode z = 0")


def test_a_decoder_that_fails_when_it_runs_is_refused(folder):
    from onnx import TensorProto, helper, numpy_helper

    # What z holds decides the shape, so nobody can tell before it runs.
    nodes = [
        helper.make_node("Cast", ["z"], ["integers"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["integers", "flat"], ["shape"]),
        helper.make_node("Reshape", ["weights", "shape"], ["S"]),
    ]
    constants = [
        numpy_helper.from_array(np.zeros(32, np.float32), "weights"),
        numpy_helper.from_array(np.array([-1]), "flat"),
    ]
    replace_file(folder, DECODER, small_model(TensorProto.FLOAT, nodes, constants))
    refuses(folder, "The decoder of tiny cannot decode z = 0")


def test_a_map_that_does_not_fit_is_refused(tiny, folder):
    replace_file(folder, MAP, tiny.files(tiny.card(latent_dim=2), b"")[MAP])
    with pytest.raises(ReleaseError, match="The map of tiny does not fit its card"):
        read_landmarks(folder, read_card(folder))


def test_a_map_with_pickles_is_refused(folder, tmp_path):
    np.savez(tmp_path / "evil.npz", codes=np.array([{"a": 1}], object))
    replace_file(folder, MAP, (tmp_path / "evil.npz").read_bytes())
    with pytest.raises(ReleaseError, match="The map of tiny cannot be read"):
        read_landmarks(folder, read_card(folder))


def test_a_card_can_be_read_without_the_models(folder):
    for name in (DECODER, MAP):
        (folder / name).unlink()
    assert read_card(folder).name == "tiny"


@pytest.mark.parametrize("name", [CARD, DECODER, MAP])
def test_a_file_that_cannot_be_opened_is_a_sentence(folder, name):
    (folder / name).unlink()
    (folder / name).symlink_to(folder / name)
    refuses(folder, rf"^{name} of the release .* cannot be read: Too many levels of symbolic links\.$")


@pytest.mark.parametrize("name", [CARD, DECODER, MAP])
def test_a_pipe_is_not_waited_for(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    refuses(folder, "is no regular file")


@pytest.mark.parametrize("name", [CARD, DECODER, MAP])
def test_an_endless_device_is_not_read(folder, name):
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    refuses(folder, "is no regular file")


@pytest.mark.parametrize("name", [CARD, DECODER, MAP])
def test_a_sparse_file_of_20_gb_is_not_read(folder, name):
    with (folder / name).open("r+b") as stream:
        stream.truncate(20_000_000_000)
    refuses(folder, r"has 20,000,000,000 bytes; at most [\d,]+ are read")


@pytest.mark.parametrize("inside", ["main", "subgraph", "attribute"])
def test_a_decoder_with_numbers_in_another_file_is_refused(folder, inside):
    from onnx import TensorProto, helper

    (folder / "secret.bin").write_bytes(bytes(3 * 32 * 4))
    stray = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[3, 32], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "secret.bin"), ("length", "384")):
        stray.external_data.add(key=key, value=value)
    constants = [stray] if inside == "main" else []
    nodes = [helper.make_node("MatMul", ["z", "weights"], ["flat"]), helper.make_node("Identity", ["flat"], ["S"])]
    if inside == "attribute":
        nodes.insert(0, helper.make_node("Constant", [], ["weights"], value=stray))
    if inside == "subgraph":
        branch = helper.make_graph([], "branch", [], [], [stray])
        nodes.insert(0, helper.make_node("If", ["z"], ["weights"], then_branch=branch, else_branch=branch))
    replace_file(folder, DECODER, small_model(TensorProto.FLOAT, nodes, constants))
    refuses(folder, "The decoder of tiny keeps numbers in another file")


def test_a_card_that_is_no_text_is_a_sentence(folder):
    (folder / CARD).write_bytes(b"\xff\xfe{")
    refuses(folder, r"is no text in UTF-8; copy it again\.$")


def test_a_deep_card_is_a_sentence(folder):
    (folder / CARD).write_text("[" * 100_000)
    refuses(folder, "The card is nested too deeply")
