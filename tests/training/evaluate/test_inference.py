import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.features import AudioFeatures  # noqa: E402
from aitunes.modules.conditional import ConditionalVAE, pitch_and_level  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402
from training.evaluate.inference import codes_of, log_mel_distance_db, reconstruct  # noqa: E402

pytestmark = pytest.mark.training

FEATURES = AudioFeatures(n_mels=20, db_range=(-60.0, 10.0), f_min=200.0)


def test_a_uniform_shift_of_the_spectrum_is_its_distance(rng):
    S = rng.uniform(0.2, 0.8, (6, 20, 1)).astype(np.float32)
    assert log_mel_distance_db(S, S + 0.1, FEATURES) == pytest.approx(7.0, rel=1e-4)
    assert log_mel_distance_db(S, S, FEATURES) == 0.0


def test_batches_do_not_change_the_result(rng):
    model = VariationalAutoencoder((20, 1), 3, (8,)).eval()
    S = rng.random((50, 20, 1), dtype=np.float32)
    whole = codes_of(model, S), reconstruct(model, S)
    assert np.allclose(whole[0], codes_of(model, S, batch=7), atol=1e-6)
    assert np.allclose(whole[1], reconstruct(model, S, batch=7), atol=1e-6)


def test_a_decoder_is_told_the_conditions_of_each_segment(rng):
    model = ConditionalVAE((20, 1), 3, pitch_and_level(40.0, 90.0), (8,)).eval()
    S, told = rng.random((9, 20, 1), dtype=np.float32), rng.uniform(40, 90, (9, 2)).astype(np.float32)
    with torch.no_grad():
        wanted = model.decode(model.encode(torch.from_numpy(S)), torch.from_numpy(told)).numpy()
    assert np.allclose(reconstruct(model, S, told), wanted, atol=1e-6)
    assert not np.allclose(reconstruct(model, S), wanted, atol=1e-3)
