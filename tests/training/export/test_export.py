import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

import onnxruntime  # noqa: E402

from aitunes.errors import TrainingError  # noqa: E402
from aitunes.features import AudioFeatures  # noqa: E402
from aitunes.modules.conditional import pitch_and_level  # noqa: E402
from aitunes.modules.harmonic import HarmonicVAE  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402
from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord  # noqa: E402
from aitunes.release.drawing import DRAWING, check_drawing  # noqa: E402
from aitunes.release.reader import DECODER, ENCODER, TORCHSCRIPT  # noqa: E402
from training.export.export import decoder_inputs, export_model  # noqa: E402
from training.export.onnx_files import onnx_bytes  # noqa: E402
from training.export.torchscript import load_torchscript  # noqa: E402

pytestmark = pytest.mark.training

LATENT_DIM = 8


def card_of(model, features):
    latent = LatentSpace.from_codes(np.random.default_rng(3).standard_normal((100, LATENT_DIM)))
    record = TrainingRecord("noise", "CC0-1.0", 1, "0" * 64, "none", "", 0)
    output = TensorSpec("S", ("batch", features.bands, features.frames), (0.0, 1.0))
    return ReleaseCard("noise", "Noise", "", LATENT_DIM, features, decoder_inputs(model, 16.0), output, latent, record)


@pytest.fixture(scope="module")
def exported():
    torch.manual_seed(3)
    model = VariationalAutoencoder((128, 1), LATENT_DIM, (32,)).eval()
    card = card_of(model, AudioFeatures())
    S = np.random.default_rng(3).random((20, 128, 1), dtype=np.float32)
    return model, card, S, export_model(model, card, S)


@pytest.fixture(scope="module")
def exported_note():
    torch.manual_seed(3)
    features = AudioFeatures(n_fft=512, scale="linear", db_range=(-60.0, 60.0))
    model = HarmonicVAE(features, LATENT_DIM, pitch_and_level(48.0, 96.0), (16,)).eval()
    card = card_of(model, features)
    S = np.random.default_rng(3).random((20, features.bins, 1), dtype=np.float32)
    return model, S, export_model(model, card, S)


@pytest.mark.parametrize("batch", [1, 4, 8])
def test_a_decoder_of_notes_takes_pitch_and_level(exported_note, batch):
    model, S, files = exported_note
    told = {"pitch": np.linspace(48.3, 90, batch), "level": np.linspace(-50, 0, batch)}
    told = {name: values[:, None].astype(np.float32) for name, values in told.items()}
    with torch.no_grad():
        z = model.encode(torch.from_numpy(S[:batch]))
        conditions = [torch.from_numpy(values) for values in told.values()]
        wanted = model.decode(z, torch.cat(conditions, dim=1)).numpy()
        decoded = load_torchscript(files[TORCHSCRIPT]).frames.decoder(z, *conditions).numpy()
    (ours,) = onnxruntime.InferenceSession(files[DECODER]).run(["S"], {"z": z.numpy(), **told})
    for found in (ours, decoded):
        assert np.abs(found - wanted).max() <= 1e-4


def test_a_harmonic_model_comes_with_its_network_alone(exported_note, exported):
    model, _, files = exported_note
    card = card_of(model, AudioFeatures(n_fft=512, scale="linear", db_range=(-60.0, 60.0)))
    drawing = check_drawing(onnxruntime.InferenceSession(files[DRAWING]), card)
    assert (drawing.points, drawing.harmonics) == (model.points, model.harmonics)
    assert DRAWING not in exported[-1]


@pytest.mark.parametrize("batch", [1, 3, 20])
def test_onnx_equals_the_model_at_any_batch_size(exported, batch):
    model, _, S, files = exported
    with torch.no_grad():
        z = model.encode(torch.from_numpy(S[:batch])).numpy()
        decoded = model.decode(torch.from_numpy(z)).numpy()
    assert np.abs(onnxruntime.InferenceSession(files[ENCODER]).run(["z"], {"S": S[:batch]})[0] - z).max() <= 1e-4
    assert np.abs(onnxruntime.InferenceSession(files[DECODER]).run(["S"], {"z": z})[0] - decoded).max() <= 1e-4


def test_onnx_holds_no_trace_of_when_and_where_it_was_exported(exported):
    model, card, S, files = exported
    again = export_model(model, card, S)
    for name in (DECODER, ENCODER):
        assert again[name] == files[name]
        assert b".py" not in files[name]


def test_a_model_that_differs_from_its_export_is_refused(exported):
    model, card, S, _ = exported
    with pytest.raises(TrainingError, match="differs from the model"):
        export_model(model, card, S, tolerance=-1.0)


class HyperbolicSine(torch.nn.Module):
    """Needs an operator that TorchScript's translation lacks."""

    def forward(self, x):
        return torch.sinh(x)


@pytest.mark.parametrize("module", [HyperbolicSine(), torch.nn.Tanh()], ids=["untranslated", "translated"])
def test_any_operator_is_exported(module, capfd):
    x = torch.linspace(-2.0, 2.0, 10).reshape(5, 2)
    session = onnxruntime.InferenceSession(onnx_bytes(module, {"x": x[:2]}, "y"))
    (y,) = session.run(["y"], {"x": x.numpy()})
    assert np.abs(y - module(x).numpy()).max() < 1e-5
