"""Autoencoders that begin as principal components, and the variation of what they learn from."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.components import ComponentAutoencoder, ComponentResNet, SegmentComponents  # noqa: E402
from aitunes.modules.losses import kl_divergence  # noqa: E402
from aitunes.modules.variation import SegmentVariation  # noqa: E402

pytestmark = pytest.mark.training

SHAPE, DIMENSION = (12, 16), 3


def segments(count=200, seed=0):
    """Segments of three smooth patterns at random levels, with a little noise."""
    rng = np.random.default_rng(seed)
    band, frame = np.linspace(0, 1, SHAPE[0])[:, None], np.linspace(0, 1, SHAPE[1])
    patterns = np.stack([np.cos(2 * band) + 0 * frame, band * np.cos(5 * frame), np.sin(7 * band) * frame])
    S = 0.5 + 0.1 * np.tensordot(rng.normal(size=(count, 3)), patterns, 1) + 0.005 * rng.normal(size=(count, *SHAPE))
    return torch.from_numpy(S.astype(np.float32))


def models():
    torch.manual_seed(0)
    return [ComponentAutoencoder(SHAPE, DIMENSION, width=16), ComponentResNet(SHAPE, DIMENSION, (4, 8), 0.01)]


def squared(S, reconstruction):
    return ((S - reconstruction) ** 2).flatten(1).sum(1).mean().item()


def principal_components_error(S, held):
    X, H = (x.flatten(1).double() for x in (S, held))
    axes = torch.linalg.svd(X - X.mean(0), full_matrices=False)[2][:DIMENSION]
    return float(((H - X.mean(0) - (H - X.mean(0)) @ axes.T @ axes) ** 2).sum(1).mean())


@pytest.mark.parametrize("model", models(), ids=lambda model: type(model).__name__)
def test_it_begins_as_principal_components_with_codes_of_variance_1(model):
    S, held = segments(), segments(seed=1)
    model.start_from(S)
    model.eval()
    assert squared(held, model.decode_unclamped(model.encode(held))) < 1.02 * principal_components_error(S, held)
    codes = model.encode(S)
    assert torch.allclose(codes.std(0), torch.ones(DIMENSION), atol=0.01)
    assert codes.mean(0).abs().max() < 0.01


@pytest.mark.parametrize("model", models(), ids=lambda model: type(model).__name__)
def test_its_codes_do_not_run_away_from_the_prior(model):
    S = segments()
    model.start_from(S)
    per_dimension = kl_divergence(*model.distribution(S))
    assert per_dimension.max() < 3.0


@pytest.mark.parametrize("model", models(), ids=lambda model: type(model).__name__)
def test_its_onnx_files_equal_it_at_another_batch_size(model):
    export = pytest.importorskip("training.export.export")
    from aitunes.features import AudioFeatures
    from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord

    S = segments().clamp(0.0, 1.0)
    model.start_from(S)
    features = AudioFeatures(n_fft=256, n_mels=SHAPE[0], frames=SHAPE[1], f_max=8_000.0)
    card = ReleaseCard(
        name="x",
        public_name="X",
        description="",
        latent_dim=DIMENSION,
        features=features,
        inputs=export.decoder_inputs(model, 16.0),
        output=TensorSpec("S", ("batch", *SHAPE), (0.0, 1.0)),
        latent=LatentSpace.from_codes(model.eval().encode(S).detach().numpy()),
        training=TrainingRecord("d", "l", 1, "0" * 64, "s", "c", 1),
    )
    files = export.export_model(model, card, S[:32].numpy())  # which compares them, at another batch size
    assert {"decoder.onnx", "encoder.onnx"} <= set(files)


def test_a_whole_basis_keeps_every_segment():
    components = SegmentComponents(SHAPE, DIMENSION)
    S = segments()
    components.fit(S)
    assert components.coefficients == SHAPE[0] * SHAPE[1]
    assert torch.allclose(components.synthesise(components.analyse(S)), S, atol=1e-5)


def test_before_it_has_seen_segments_it_gives_zero():
    model = models()[0].eval()
    assert not model.decode(torch.randn(4, DIMENSION)).any()


def test_segments_without_time_are_refused():
    with pytest.raises(ValueError, match="bands and frames"):
        ComponentAutoencoder((12,), DIMENSION)


def test_it_learns_what_components_miss():
    torch.manual_seed(1)
    angle = 6.28 * torch.rand(600, 1, 1)
    band, frame = torch.linspace(0, 3, SHAPE[0])[:, None], torch.linspace(0, 6, SHAPE[1])
    S = 0.5 + 0.3 * torch.cos(frame + angle) * torch.cos(band) + 0.1 * torch.cos(2.0 * (frame + angle))
    model = ComponentAutoencoder(SHAPE, 2, width=32)
    model.start_from(S[:500])
    model.eval()
    begin = squared(S[500:], model(S[500:]).reconstruction)
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    model.train()
    for _ in range(150):
        optimizer.zero_grad()
        ((model(S[:500]).reconstruction - S[:500]) ** 2).sum().backward()
        optimizer.step()
    assert squared(S[500:], model.eval()(S[500:]).reconstruction) < 0.5 * begin


def test_variation_keeps_silence_and_the_range_and_differs_from_item_to_item():
    torch.manual_seed(0)
    S = segments(40).clamp(0, 1)
    S[:, :, 3] = 0.0
    S[:, 0] = 0.0
    varied = SegmentVariation((-70.0, 20.0), bands=2)(S)
    assert varied.shape == S.shape
    assert varied.min() >= 0.0
    assert varied.max() <= 1.0
    assert len(torch.unique((varied - S).flatten(1), dim=0)) == 40
    assert ((varied == 0.0).sum(2) >= 1).all(), "a silent frame stays one, at another time"


def test_variation_by_nothing_turns_segments_over_in_time_alone():
    S = segments(20).clamp(0, 1)
    varied = SegmentVariation((-70.0, 20.0), bands=0, softer=0.0, louder=0.0)(S)
    turned = torch.stack([torch.roll(S, n, dims=2) for n in range(SHAPE[1])])
    assert ((turned - varied).abs().amax((2, 3)).amin(0) < 1e-6).all()
