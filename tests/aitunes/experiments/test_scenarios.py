import dataclasses

import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.errors import AiTunesError, TrainingError  # noqa: E402
from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment  # noqa: E402
from aitunes.experiments.cases import CASES, find_case  # noqa: E402
from aitunes.experiments.note_experiment import NoteExperiment  # noqa: E402
from aitunes.experiments.scenarios.scenario import (  # noqa: E402
    Recipe,
    Scenario,
    ScenarioContainer,
    ScenarioError,
    scenario,
)
from aitunes.experiments.spectrogram_experiment import SpectrogramBasedAutoencoderExperiment  # noqa: E402
from aitunes.modules.losses import SquaredError  # noqa: E402
from aitunes.modules.objective import WeightedLoss  # noqa: E402
from aitunes.modules.vanilla import VanillaAutoencoder  # noqa: E402

pytestmark = pytest.mark.training

ALL = [(case, one) for case in CASES.values() for one in case.scenarios]
SHRUNK = {1: (5,), 2: (21, 18), 3: (3, 12, 11)}


def build(shape):
    return Recipe(VanillaAutoencoder(shape, 2, ()), WeightedLoss({"squared": SquaredError()}), 1, 4)


def started(case, one):
    """An experiment, its recipe, and a batch for it: of notes at their real size, of anything else small."""
    if issubclass(case.experiment, NoteExperiment):
        experiment, recipe = case.start(one)
        told = torch.tensor([[60.0, 0.0], [61.5, -3.0], [70.0, -20.0], [48.0, -50.0]])
        return experiment, recipe, (torch.rand(4, *case.shape_of(one)), torch.tensor([0, 0, 1, 1]), told)
    shape = SHRUNK[len(case.shape_of(one))]
    recipe = one.build(shape)
    return AutoencoderExperiment.of(recipe), recipe, torch.rand(4, *shape)


@pytest.mark.parametrize(("case", "one"), ALL, ids=[f"{case.name}-{one.name}" for case, one in ALL])
def test_every_scenario_makes_a_finite_step_that_changes_its_weights(case, one):
    torch.manual_seed(1)
    experiment, recipe, batch = started(case, one)
    optimizer = recipe.optimisation.optimizer(experiment.model.parameters())
    experiment.loss.move_to(3.0)
    before = [weight.clone() for weight in experiment.model.parameters()]
    objective = experiment.loss(experiment.pass_through(batch))
    objective.total.backward()
    optimizer.step()
    assert torch.isfinite(objective.total)
    assert all(torch.isfinite(part) for part in objective.parts.values())
    after = list(experiment.model.parameters())
    assert all(torch.isfinite(weight).all() for weight in after)
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("case", "name"), [("mnist", "vae-linear-kl"), ("cifar10", "ssim"), ("sinewave", "cvae8"), ("sinewave", "vq")]
)
def test_half_the_precision_still_makes_finite_losses(case, name):
    torch.manual_seed(1)
    shape = SHRUNK[len(CASES[case].shape_of(CASES[case].scenarios.find(name)))]
    experiment = AutoencoderExperiment.of(CASES[case].scenarios.find(name).build(shape))
    with torch.autocast("cpu", torch.bfloat16):
        total = experiment.loss(experiment.pass_through(torch.rand(4, *shape))).total
    total.backward()
    assert torch.isfinite(total)
    assert all(torch.isfinite(w.grad).all() for w in experiment.model.parameters() if w.grad is not None)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_every_case_starts_its_scenarios_at_their_real_size(case):
    one = next(iter(case.scenarios))
    experiment, recipe = case.start(one)
    assert isinstance(experiment, case.experiment)
    assert experiment.model.input_shape == case.shape_of(one)
    assert recipe.epochs > 0
    assert recipe.batch_size > 1


def test_the_scenarios_of_the_issue_are_there():
    families = {f"{r}-dim{n}{m}" for r in ("low", "high") for n in (16, 32, 64, 128, 256) for m in ("", "-momentum")}
    wanted = {
        "vectors5d": {"vanilla", "variational"},
        "mnist": {"ae", "cvae", "vae-big-kl", "vae-small-kl", "vae-linear-kl", "vae-cyclic-kl", "vq"},
        "cifar10": {"cvae16", "cvae32", "cvae64", "cvae128", "ssim", "resnet", "vq64", "vq128"},
        "sinewave": {"cvae8", "cvae16", "cvae32", "resnet", "vq"},
        "gtzan": {*families, "low-vq", "high-vq"},
        "fma": {*families, "low-vq", "high-vq"},
    }
    assert {name: set(CASES[name].scenarios.names) for name in wanted} == wanted
    stargazing = CASES["fma"].scenarios.find("high-dim64-momentum")
    assert (stargazing.prod_grade, stargazing.prod_name) == (True, "Stargazing")
    names = [one.prod_name for case, one in ALL if one.prod_grade]
    assert len(names) == len(set(names))


MUSIC = [case for case in CASES.values() if case.is_audio and not issubclass(case.experiment, NoteExperiment)]


@pytest.mark.parametrize("case", MUSIC, ids=lambda case: case.name)
def test_two_resolutions_that_the_instrument_can_play(case):
    kinds = {case.features_of(one) for one in case.scenarios if case.features_of(one).frames > 1}
    low, high = sorted(kinds, key=lambda features: features.n_mels)
    assert high.n_mels * high.frame_rate > low.n_mels * low.frame_rate
    for features in (low, high):
        assert features.n_fft // features.hop_length in (4, 8)
        assert 1.4 <= features.frames / features.frame_rate <= 6.0
        assert features.filter_bank.max(axis=1).min() > 0.0


def test_a_folder_has_models_of_single_frames_without_an_empty_band():
    frames = [CASES["folder"].features_of(one) for one in CASES["folder"].scenarios if one.name.startswith("frame-")]
    assert [features.frames for features in frames] == [1, 1, 1]
    assert all(features.filter_bank.max(axis=1).min() > 0.0 for features in frames)


def test_momentum_reaches_every_normalisation():
    def momenta(name):
        model = CASES["fma"].scenarios.find(name).build((16, 16)).model
        return {module.momentum for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)}

    assert momenta("low-dim16") == set(), "a perceptron normalises no batches"
    assert momenta("low-vq") == {0.1}
    assert momenta("low-dim16-momentum") == {0.01}


def test_every_run_gets_a_model_and_a_loss_of_its_own():
    one = CASES["mnist"].scenarios.find("vae-linear-kl")
    first, second = one.build((1, 8, 8)), one.build((1, 8, 8))
    first.loss.move_to(4.0)
    assert first.loss.weights()["kl"] != second.loss.weights()["kl"]


def test_the_decorator_gives_a_frozen_scenario():
    made = scenario("a-name", "2", "What it is.", True, "Moon", "A moon.")(build)
    assert made == Scenario("a-name", "2", "What it is.", build, None, True, "Moon", "A moon.")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.name = "another"


@pytest.mark.parametrize("said", [(), ("Moon",), (None, "A moon."), ("", "A moon."), ("Moon", "")])
def test_production_grade_without_a_name_and_a_description_is_refused_at_definition(said):
    with pytest.raises(ScenarioError, match="give prod_name and prod_desc"):
        scenario("a-name", "1", "What it is.", True, *said)(build)


@pytest.mark.parametrize("name", ["", "A Name", "two words", "-x-", "a/b"])
def test_a_name_that_nobody_can_type_is_refused(name):
    with pytest.raises(ScenarioError, match="joined by hyphens"):
        scenario(name, "1", "What it is.")(build)


def test_a_container_finds_by_name_and_lists_the_choices():
    one, other = (scenario(name, "1", "It.")(build) for name in ("one", "other"))
    grand = scenario("grand", "1", "It.", True, "Moon", "A moon.")(build)
    container = ScenarioContainer("test", (one, other, grand))
    assert container.find("OTHER") is other
    assert list(container) == [one, other, grand]
    assert (len(container), container.names, "one" in container) == (3, ("one", "other", "grand"), True)
    assert container.production_grade() == (grand,)
    with pytest.raises(ScenarioError, match="test has no scenario named 'third'; choose from one, other, grand"):
        container.find("third")
    with pytest.raises(ScenarioError, match="two scenarios named 'one'"):
        ScenarioContainer("test", (one, one))


def test_cases_are_found_in_any_case_and_unknown_ones_list_the_choices():
    assert find_case("GTZAN") is CASES["gtzan"]
    with pytest.raises(AiTunesError, match=f"choose from {', '.join(CASES)}"):
        find_case("imagenet")


@pytest.mark.parametrize("change", [{"features": None, "input_shape": None}, {"input_shape": (5,)}])
def test_a_case_has_a_shape_or_features(change):
    with pytest.raises(TrainingError, match="either a shape"):
        dataclasses.replace(CASES["fma"], **change)


def test_generated_data_need_no_folder():
    assert len(CASES["vectors5d"].data.open(None).train) == 9_000
    series = CASES["sinewave"].data.open(None)
    features = CASES["sinewave"].features
    assert features.analyse(series.make_clip(0, 0).y).shape[1] >= 2 * features.frames


@pytest.mark.parametrize("name", ["mnist", "cifar10", "gtzan", "fma"])
def test_missing_data_say_where_to_get_them(name, tmp_path):
    with pytest.raises(AiTunesError, match="https://"):
        CASES[name].data.open(tmp_path)


def audio_experiment():
    torch.manual_seed(3)
    case = CASES["gtzan"]
    one = dataclasses.replace(
        case.scenarios.find("low-dim16"), features=dataclasses.replace(case.features, n_mels=24, frames=16)
    )
    experiment = case.start(one)[0]
    experiment.model.start_from(torch.rand(40, 24, 16))
    return experiment


def test_sampled_audio_is_as_long_as_asked_and_comes_from_its_seed():
    experiment = audio_experiment()
    sounds, again = (experiment.sample_audio(3, 0.5, torch.Generator().manual_seed(4)) for _ in range(2))
    assert [y.shape for y in sounds] == [(11_025,)] * 3
    assert all(y.dtype == "float32" and abs(y).max() > 0.0 for y in sounds)
    assert all((y == z).all() for y, z in zip(sounds, again, strict=True))
    assert experiment.training


@pytest.mark.parametrize(("n", "duration"), [(0, 1.0), (1, 0.0), (1, -2.0)])
def test_no_sound_is_refused(n, duration):
    with pytest.raises(TrainingError, match="One sound at least"):
        audio_experiment().sample_audio(n, duration)


def test_codes_of_another_shape_and_models_of_other_segments_are_refused():
    experiment = audio_experiment()
    with pytest.raises(TrainingError, match=r"take codes of shape \[3, 16\], not \[2, 16\]"):
        experiment.sample_audio(1, 0.5, codes=torch.zeros(2, 16))
    with pytest.raises(TrainingError, match="segments of shape"):
        SpectrogramBasedAutoencoderExperiment(
            experiment.model, experiment.loss, experiment.optimisation, CASES["gtzan"].features
        )
