import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_levels_db, frame_power  # noqa: E402
from aitunes.features import AudioFeatures, stft_magnitudes  # noqa: E402
from aitunes.modules.conditional import ConditionalVAE, pitch_and_level  # noqa: E402
from aitunes.modules.harmonic import Drawing, HarmonicVAE, hann_lobe  # noqa: E402

pytestmark = pytest.mark.training

FEATURES = AudioFeatures(n_fft=2048, hop_length=256, scale="linear", f_max=22_050.0, db_range=(-60.0, 60.0))


@pytest.fixture
def model():
    torch.manual_seed(7)
    return HarmonicVAE(FEATURES, 4, pitch_and_level(36.0, 96.0), (16,)).eval()


def magnitudes(model, z, pitch, level=0.0):
    with torch.no_grad():
        S = model.decode(z, torch.tensor([[pitch, level]]).expand(len(z), 2))
    return FEATURES.denormalise(S.numpy()[:, :, 0])


def flat(harmonics=32, points=64, noise_db=-200.0):
    """One harmonic as loud as the next, and silence between them."""
    return Drawing(
        torch.zeros(1, points), torch.full((1, points), noise_db), torch.zeros(1, harmonics), torch.zeros(1, 1)
    )


def test_the_lobe_is_that_of_the_hann_window():
    n_fft, hz = 2048, 3000.0
    y = np.sin(2 * np.pi * hz * np.arange(n_fft) / 44_100)
    wanted = stft_magnitudes(y, n_fft, 256)[:, 0]
    found = hann_lobe(torch.arange(1025) - hz * n_fft / 44_100).numpy() * n_fft / 4
    assert np.abs(found - wanted)[:600].max() < 2e-3 * n_fft / 4


@pytest.mark.parametrize("pitch", [36.0, 57.3, 69.0, 84.8, 96.0])
def test_peaks_lie_at_the_multiples_of_the_pitch(model, pitch):
    with torch.no_grad():
        S = model.render(flat(), torch.tensor([[pitch]]))[0].sqrt().numpy()
    fundamental = 440 * 2 ** ((pitch - 69) / 12)
    wanted = np.arange(1, 12) * fundamental * 2048 / 44_100
    peaks = np.flatnonzero((S[1:-1] > S[:-2]) & (S[1:-1] >= S[2:])) + 1
    for place in wanted[wanted < 1000]:
        assert np.abs(peaks - place).min() <= 0.51


def test_a_stiff_string_stretches_its_partials(model):
    drawing = flat()
    stiff = Drawing(drawing.envelope, drawing.noise, drawing.harmonics, torch.full((1, 1), 1e-3))
    with torch.no_grad():
        S = model.render(stiff, torch.tensor([[69.0]]))[0].numpy()
    twentieth = 440 * 20 * np.sqrt(1 + 1e-3 * 400) * 2048 / 44_100
    assert abs(np.argmax(S[int(twentieth) - 8 : int(twentieth) + 9]) + int(twentieth) - 8 - twentieth) < 1.0


@pytest.mark.parametrize("level", [0.0, -12.0, -40.0])
def test_every_frame_has_the_level_that_was_told_whatever_the_code(model, level):
    S = magnitudes(model, 3.0 * torch.randn(20, 4), 60.0, level)
    assert np.abs(frame_levels_db(S.T) - (FULL_LEVEL_DB + level)).max() < 0.05


def test_a_code_does_not_know_how_loud_the_frame_was(model):
    S = 0.3 + 0.4 * torch.rand(5, FEATURES.bins, 1)
    with torch.no_grad():
        quieter = model.encode(S - 0.2)
        assert (model.encode(S) - quieter).abs().max() < 1e-4


def test_there_is_nothing_below_what_is_heard(model):
    S = magnitudes(model, torch.randn(20, 4), 40.0)
    assert not S[:, :2].any()


def test_moving_the_pitch_keeps_the_drawings_envelope(model):
    with torch.no_grad():
        drawing = flat()
        slope = Drawing(torch.linspace(0, -60, 64)[None], drawing.noise, drawing.harmonics, drawing.inharmonicity)
        low, high = (model.render(slope, torch.tensor([[pitch]]))[0].numpy() for pitch in (60.0, 72.0))
    octave = np.round(np.arange(2, 30, 2) * 261.626 * 2048 / 44_100).astype(int)  # harmonics that both have
    assert np.abs(10 * np.log10(low[octave] / high[octave])).max() < 1.0


def test_power_of_a_level_is_what_a_windowed_frame_has(rng):
    y = (0.1 * rng.standard_normal(2048 * 200)).astype(np.float32)
    power = (stft_magnitudes(y, 2048, 2048).astype(np.float64) ** 2).sum(axis=0).mean()
    assert 10 * np.log10(power / frame_power(-20.0, 2048)) == pytest.approx(0.0, abs=0.1)
    assert frame_levels_db(stft_magnitudes(y, 2048, 2048)).mean() == pytest.approx(-20.0, abs=0.2)


@pytest.mark.parametrize("kind", [HarmonicVAE, ConditionalVAE])
def test_who_is_told_nothing_gets_the_defaults(kind):
    conditions = pitch_and_level(36.0, 96.0)
    of = FEATURES if kind is HarmonicVAE else (FEATURES.bands, 1)
    model = kind(of, 4, conditions, (16,)).eval()
    z, told = torch.randn(3, 4), torch.tensor([[60.0, 0.0]]).expand(3, 2)
    assert torch.equal(model.decode(z), model.decode(z, told))
    assert not torch.allclose(model.decode(z), model.decode(z, told + torch.tensor([5.0, 0.0])), atol=1e-3)


def test_every_weight_learns(model):
    output = model.train()(torch.rand(6, FEATURES.bins, 1), torch.tensor([[57.0, -6.0]]).expand(6, 2))
    (output.reconstruction.square().sum() + output.log_var.sum()).backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.parameters())
