import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.features import AudioFeatures  # noqa: E402
from aitunes.modules.base import AutoencoderOutput  # noqa: E402
from aitunes.modules.conditional import ConditionalVAE, pitch_and_level  # noqa: E402
from aitunes.modules.harmonic import HarmonicVAE  # noqa: E402
from aitunes.modules.note_losses import (  # noqa: E402
    LoudnessWeightedLogError,
    Neighbourhood,
    RelativeConvergence,
    TimbreDrift,
)
from aitunes.modules.objective import Pass  # noqa: E402

pytestmark = pytest.mark.training

DB_RANGE = (-60.0, 60.0)
FEATURES = AudioFeatures(n_fft=512, scale="linear", f_max=22_050.0, db_range=DB_RANGE)


def passed(S, reconstruction=None, z=None, labels=None):
    output = AutoencoderOutput(S if reconstruction is None else reconstruction, z, z)
    return Pass(None, S, output, labels)


@pytest.mark.parametrize("loss", [LoudnessWeightedLogError, RelativeConvergence])
def test_an_error_costs_the_same_however_loud_the_note(loss):
    S = 0.3 + 0.4 * torch.rand(5, 30, 1)
    wrong = S + 0.02 * torch.randn(5, 30, 1)
    loud, quiet = (loss(DB_RANGE)(passed(S + shift, wrong + shift)).item() for shift in (0.1, -0.2))
    assert loud == pytest.approx(quiet, rel=1e-4)
    assert loss(DB_RANGE)(passed(S, S)).item() == pytest.approx(0.0, abs=1e-6)
    assert loss(DB_RANGE)(passed(S, S + 0.1)).item() > 0.5  # 12 dB too loud


def test_what_is_near_the_floor_counts_less():
    S = torch.full((1, 30, 1), 0.1)
    S[:, 3] = 0.6  # 60 dB above the others
    loud, quiet = S.clone(), S.clone()
    loud[:, 3] += 0.05
    quiet[:, 10] += 0.05
    loss = LoudnessWeightedLogError(DB_RANGE)
    assert loss(passed(S, loud)) > 2.0 * loss(passed(S, quiet))


def test_neighbours_of_one_label_cost_less():
    labels = torch.tensor([0, 0, 1, 1])
    sorted_, mixed = torch.tensor([[0.0, 0], [0, 1], [9, 0], [9, 1]]), torch.tensor([[0.0, 0], [9, 0], [0, 1], [9, 1]])
    loss = Neighbourhood()
    assert loss(passed(torch.ones(4, 3, 1), z=sorted_, labels=labels)) < 1e-3
    assert loss(passed(torch.ones(4, 3, 1), z=mixed, labels=labels)) > 10.0


def test_the_neighbourhood_looks_at_the_first_dimensions_alone():
    labels, z = torch.tensor([0, 0, 1, 1]), torch.randn(4, 5)
    moved = torch.cat([z[:, :2], torch.randn(4, 3)], dim=1)
    losses = [Neighbourhood()(passed(torch.ones(4, 3, 1), z=codes, labels=labels)) for codes in (z, moved)]
    assert torch.equal(*losses)


@pytest.mark.parametrize("labels", [None, torch.tensor([0, 1, 2])])
def test_nobody_alike_costs_nothing(labels):
    loss = Neighbourhood()(passed(torch.ones(3, 3, 1), z=torch.randn(3, 4), labels=labels))
    assert loss == 0.0


def test_a_single_label_among_others_leaves_a_gradient_of_numbers():
    z = torch.randn(5, 4, requires_grad=True)
    Neighbourhood()(passed(torch.ones(5, 3, 1), z=z, labels=torch.tensor([0, 0, 1, 1, 2]))).backward()
    assert torch.isfinite(z.grad).all()


def test_drift_is_zero_for_a_decoder_that_does_not_look_at_the_pitch():
    model = HarmonicVAE(FEATURES, 4, pitch_and_level(48.0, 96.0), (16,))
    S, told = torch.rand(8, FEATURES.bins, 1), torch.tensor([[60.0, -5.0]]).expand(8, 2)
    loss = TimbreDrift()
    assert loss(Pass(model, S, model(S, told), None, told)) > 0.0
    with torch.no_grad():
        model.decoder[0].weight[:, 4] = 0.0  # after four of the code, the pitch
    assert loss(Pass(model, S, model(S, told), None, told)) == 0.0


def test_drift_is_nothing_to_models_without_a_drawing():
    model = ConditionalVAE((FEATURES.bins, 1), 4, pitch_and_level(48.0, 96.0), (16,))
    S, told = torch.rand(8, FEATURES.bins, 1), torch.tensor([[60.0, -5.0]]).expand(8, 2)
    assert TimbreDrift()(Pass(model, S, model(S, told), None, told)) == 0.0
