"""A release that harms is found in the child process; what passed once is not tried again."""

import json
import threading

import numpy as np
import pytest

from aitunes.errors import ReleaseError
from aitunes.release.reader import DECODER, ENCODER, read_release
from aitunes.release.writer import write_release
from instrument.storage.library import Library
from instrument.storage.release_trial import ReleaseTrial

pytestmark = pytest.mark.training

WALL_SECONDS = 120.0


@pytest.fixture
def trial(tmp_path):
    return ReleaseTrial(tmp_path / "tried.json", WALL_SECONDS)


def write_model(tiny, parent, nodes, **constants):
    """A release of which z = 0 decodes well; `nodes` go on from `away` [1], which is 0 there, to `extra` [1]."""
    from onnx import TensorProto, helper, numpy_helper

    card = tiny.card(latent_dim=3)
    values = {
        "bias": np.full((1, 32, 1), 0.5, np.float32),
        "nothing": np.zeros((1, 1, 1), np.float32),
        "shape": np.array([-1, 1, 1], np.int64),
        "first": np.array([1], np.int64),
        **constants,
    }
    all_nodes = [
        helper.make_node("Abs", ["z"], ["magnitude"]),
        helper.make_node("ReduceMax", ["magnitude"], ["highest"], keepdims=0),
        helper.make_node("Reshape", ["highest", "first"], ["away"]),
        *nodes,
        helper.make_node("ReduceMean", ["z"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Reshape", ["mean", "shape"], ["column"]),
        helper.make_node("Mul", ["column", "nothing"], ["zeros"]),
        helper.make_node("Add", ["zeros", "bias"], ["flat"]),
        helper.make_node("Add", ["flat", "extra"], ["S"]),
    ]
    graph = helper.make_graph(
        all_nodes,
        "decoder",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("S", TensorProto.FLOAT, ["batch", 32, 1])],
        [numpy_helper.from_array(array, name) for name, array in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    return write_release(parent, card, tiny.files(card, model))


def loop(count):
    """Nodes that add nothing, `away` times `count` times over."""
    from onnx import TensorProto, helper, numpy_helper

    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["still"]),
            helper.make_node("Mul", ["before", "half"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("more", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, [1]),
        ],
        [numpy_helper.from_array(np.array([0.5], np.float32), "half")],
    )
    nodes = [
        helper.make_node("Mul", ["away", "count"], ["turns"]),
        helper.make_node("Cast", ["turns"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Squeeze", ["whole"], ["scalar"]),
        helper.make_node("Loop", ["scalar", "yes", "zero"], ["extra"], body=body),
    ]
    return nodes, {
        "count": np.array([count], np.float32),
        "yes": np.array(True),
        "zero": np.zeros(1, np.float32),
    }


def test_a_release_that_plays_passes(tiny, tmp_path, trial):
    trial.check(tiny.write(tmp_path))


def test_a_release_that_passed_is_not_tried_again(tiny, tmp_path, trial):
    folder = tiny.write(tmp_path)
    trial.check(folder)
    (folder / DECODER).write_bytes(b"changed; its reader will say so")
    trial.check(folder)
    with pytest.raises(ReleaseError, match="SHA-256 differs"):
        read_release(folder)


def test_another_card_is_tried_again(tiny, tmp_path, trial):
    folder = tiny.write(tmp_path)
    trial.check(folder)
    card = folder / "card.json"
    card.write_text(card.read_text().replace("Made by a test.", "Made by another."))
    (folder / DECODER).write_bytes(b"changed")
    with pytest.raises(ReleaseError, match="SHA-256 differs"):
        trial.check(folder)


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"[" * 100_000, b'{"a": 1}', b"[1, 2]"])
def test_a_damaged_list_of_those_that_passed_is_written_again(tiny, tmp_path, content):
    memory = tmp_path / "tried.json"
    memory.write_bytes(content)
    ReleaseTrial(memory, WALL_SECONDS).check(tiny.write(tmp_path))
    assert len(json.loads(memory.read_text())) == 1


def test_a_decoder_that_fails_away_from_the_middle_is_refused(tiny, tmp_path, trial):
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Cast", ["away"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["extra"], axis=0),
    ]
    folder = write_model(tiny, tmp_path, nodes, table=np.zeros(1, np.float32))
    read_release(folder)  # which looks at z = 0 alone
    with pytest.raises(ReleaseError, match="fails inside its latent space"):
        trial.check(folder)


def test_a_decoder_that_gives_no_numbers_at_some_codes_is_refused(tiny, tmp_path, trial):
    from onnx import helper

    nodes = [helper.make_node("Sub", ["one", "away"], ["rest"]), helper.make_node("Log", ["rest"], ["extra"])]
    folder = write_model(tiny, tmp_path, nodes, one=np.ones(1, np.float32))
    with pytest.raises(ReleaseError, match="values that are no numbers"):
        trial.check(folder)


def test_a_decoder_beyond_its_range_at_some_codes_is_refused(tiny, tmp_path, trial):
    from onnx import helper

    folder = write_model(tiny, tmp_path, [helper.make_node("Identity", ["away"], ["extra"])])
    with pytest.raises(ReleaseError, match="its card promises 0 to 1"):
        trial.check(folder)


def test_a_decoder_that_answers_with_more_than_it_declared_is_refused(tiny, tmp_path, trial):
    from onnx import TensorProto, helper

    # [1, 1, 1 + away] zeros: as declared in the middle, longer elsewhere.
    nodes = [
        helper.make_node("Cast", ["away"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Add", ["whole", "first"], ["length"]),
        helper.make_node("Concat", ["one", "one", "length"], ["sizes"], axis=0),
        helper.make_node("ConstantOfShape", ["sizes"], ["extra"]),
    ]
    folder = write_model(tiny, tmp_path, nodes, one=np.ones(1, np.int64))
    with pytest.raises(ReleaseError, match=r"where its card promises \[1, 32, 1\]|fails inside its latent space"):
        trial.check(folder)


def test_a_decoder_that_takes_all_memory_at_some_codes_is_refused(tiny, tmp_path, trial):
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Mul", ["away", "many"], ["wished"]),
        helper.make_node("Cast", ["wished"], ["length"], to=TensorProto.INT64),
        helper.make_node("ConstantOfShape", ["length"], ["row"]),
        helper.make_node("ReduceSum", ["row"], ["extra"], keepdims=1),
    ]
    folder = write_model(tiny, tmp_path, nodes, many=np.array([3e8], np.float32))
    with pytest.raises(ReleaseError, match="tried in a process of its own"):
        trial.check(folder)


def test_a_decoder_that_is_too_slow_at_some_codes_is_refused(tiny, tmp_path, trial):
    nodes, constants = loop(1e5)
    with pytest.raises(ReleaseError, match="so it cannot play on this machine"):
        trial.check(write_model(tiny, tmp_path, nodes, **constants))


def test_a_decoder_that_never_ends_is_killed(tiny, tmp_path):
    nodes, constants = loop(1e15)
    folder = write_model(tiny, tmp_path, nodes, **constants)
    with pytest.raises(ReleaseError, match=r"not finished after 4 s of decoding|ends the process"):
        ReleaseTrial(tmp_path / "tried.json", wall_seconds=4.0).check(folder)


def test_closing_ends_a_trial_that_is_under_way(tiny, tmp_path, trial):
    nodes, constants = loop(1e15)
    folder = write_model(tiny, tmp_path, nodes, **constants)
    threading.Timer(1.0, trial.close).start()
    with pytest.raises(ReleaseError, match="was ended"):
        trial.check(folder)


def test_an_encoder_that_is_none_is_refused_before_it_is_opened_here(tiny, tmp_path, trial):
    folder = tiny.write(tmp_path)
    assert (folder / ENCODER).read_bytes() == b"encoder"
    with pytest.raises(ReleaseError, match="not an ONNX model"):
        trial.check(folder, "encoder")


def test_the_trial_runs_nothing_of_the_folder_it_is_started_in(tiny, tmp_path, trial, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit(77)\n")
    monkeypatch.chdir(tmp_path)
    trial.check(tiny.write(tmp_path))


def test_a_library_opens_nothing_that_did_not_pass(tiny, tmp_path, trial):
    from onnx import helper

    nodes = [helper.make_node("Sub", ["one", "away"], ["rest"]), helper.make_node("Log", ["rest"], ["extra"])]
    write_model(tiny, tmp_path / "releases", nodes, one=np.ones(1, np.float32))
    with pytest.raises(ReleaseError, match="values that are no numbers"):
        Library([tmp_path / "releases"], trial.check).open("tiny")
    assert Library([tmp_path / "releases"]).open("tiny").card.name == "tiny"
