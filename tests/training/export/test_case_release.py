import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")
torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError  # noqa: E402
from aitunes.experiments.cases import find_case  # noqa: E402
from aitunes.release.reader import read_landmarks, read_release  # noqa: E402
from training.data.corpus import CorpusOptions, open_corpus  # noqa: E402
from training.evaluate.assessment import assess  # noqa: E402
from training.evaluate.page import write_page  # noqa: E402
from training.evaluate.projection import project  # noqa: E402
from training.evaluate.sampling import sample  # noqa: E402
from training.export.case_release import VQ_NOTE, ReleaseNames, export_release  # noqa: E402
from training.fit.options import TrainOptions  # noqa: E402
from training.fit.train import train  # noqa: E402
from training.headless import HeadlessActionPipeline  # noqa: E402

pytestmark = pytest.mark.training


@pytest.fixture(scope="module", params=["tiny", "low-vq"])
def made(request, small_case, corpus_of, tmp_path_factory):
    folder, corpus = tmp_path_factory.mktemp("made"), corpus_of(request.param)
    trained = train(small_case, small_case.scenarios.find(request.param), corpus, TrainOptions(folder, 2, quiet=True))
    figures = assess(trained, corpus)
    names = ReleaseNames("tiny", "Tiny", "Made by a test.")
    return trained, corpus, figures, export_release(trained, corpus, figures, folder / "releases", "pytest", names)


def test_the_release_is_the_model(made, rng):
    trained, corpus, figures, folder = made
    release = read_release(folder)
    z = rng.standard_normal((11, trained.experiment.model.latent_dim)).astype(np.float32)
    (S,) = release.decoder.run(None, {"z": z})
    with torch.no_grad():
        wanted = trained.experiment.model.decode(torch.from_numpy(z)).numpy()
    assert np.abs(S - wanted).max() <= 1e-4
    assert release.card.training.data_hash == corpus.hash
    assert release.card.training.metrics == figures
    assert (VQ_NOTE in release.card.description) == ("vq" in trained.scenario.name)
    assert 0 < len(read_landmarks(release.folder, release.card).codes) <= 600


def test_the_release_sounds_in_the_instrument(made, tmp_path):
    pytest.importorskip("numba")
    soundfile = pytest.importorskip("soundfile")
    from instrument.cli import main

    score = tmp_path / "score.txt"
    score.write_text("0 /aitunes/pad/xy 0.1 0.2\n0.3 /aitunes/pad/xy 0.9 0.8\n")
    releases = ["--releases", str(made[3].parent), "--release", "tiny"]
    assert main(["render", str(score), "-o", str(tmp_path / "a.wav"), "--seconds", "1", *releases]) == 0
    y, _ = soundfile.read(tmp_path / "a.wav")
    assert np.isfinite(y).all()
    assert np.abs(y).max() > 1e-3


def test_figures_say_how_good_and_how_full(made):
    trained, _, figures, _ = made
    assert figures["latent_dim"] == trained.experiment.model.latent_dim
    assert {"loss", "spectral_convergence_db", "log_spectral_distance_db", "active_units"} <= set(figures)
    assert all(np.isfinite(value) for value in figures.values())


def test_a_page_shows_and_sounds(made, tmp_path):
    trained, corpus, figures, _ = made
    page = write_page(trained, corpus, figures, tmp_path, sound_seconds=0.3)
    text = page.read_text()
    for path in (*tmp_path.glob("*.png"), *tmp_path.glob("*.wav")):
        assert f'src="{path.name}"' in text
    assert len(list(tmp_path.glob("*.wav"))) >= 2
    names = json.loads((tmp_path / "tracks.json").read_text())
    assert set(names) <= set(corpus.held.names[np.arange(len(corpus.held))].tolist())
    assert all(f"{name}: reconstruction" in text for name in names)
    sounds = sorted(path.name for path in tmp_path.glob("*-original.wav"))
    for name, sound in zip(names, sounds, strict=True):
        assert "".join(filter(str.isalnum, name)) in sound.replace("-", "")
    assert json.loads((tmp_path / "figures.json").read_text()) == figures
    assert len((tmp_path / "latent.csv").read_text().splitlines()) == 1 + trained.experiment.model.latent_dim


def test_samples_and_projection_are_reproducible(made, tmp_path):
    trained, corpus, *_ = made
    for folder in ("one", "two"):
        project(trained, corpus, tmp_path / folder)
        sample(trained, corpus, 2, 0.3, 3, tmp_path / folder)
    one, two = (sorted((tmp_path / folder).iterdir()) for folder in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True))
    rows = (tmp_path / "one" / "codes.csv").read_text().splitlines()
    assert len(rows) == 1 + len(corpus.train) + len(corpus.held)


def test_what_has_no_sound_gives_no_release(tmp_path):
    case = find_case("vectors5d")
    scenario = case.scenarios.find("vanilla")
    corpus = open_corpus(case, scenario, CorpusOptions(limit_items=100), None, None)
    trained = train(case, scenario, corpus, TrainOptions(tmp_path, 1, quiet=True))
    with pytest.raises(TrainingError, match="no sound"):
        export_release(trained, corpus, {}, tmp_path / "releases", "", ReleaseNames())


def test_a_folder_of_something_else_is_left_alone(made, tmp_path):
    trained, corpus, figures, _ = made
    (tmp_path / "tiny").mkdir()
    with pytest.raises(TrainingError, match="is not a release"):
        export_release(trained, corpus, figures, tmp_path, "", ReleaseNames("tiny"))


def test_data_that_the_model_has_never_seen_are_not_put_on_its_card(made, tmp_path):
    trained, corpus = made[:2]
    with pytest.raises(TrainingError, match="was trained on other data than"):
        export_release(trained, replace(corpus, hash="0" * 64), {}, tmp_path, "", ReleaseNames("other"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "hides"), [("first-light", True), ("mine", False)])
def test_a_release_that_hides_a_bundled_one_says_so(made, tmp_path, monkeypatch, name, hides):
    trained, corpus, _, _ = made
    monkeypatch.setenv("AITUNES_HOME", str(tmp_path))
    said = []
    actions = HeadlessActionPipeline(notify=said.append)
    monkeypatch.setattr(actions, "corpus", lambda: corpus)
    folder = actions.export(None, ReleaseNames(name, "Mine", "Made by a test."), trained, quick=True)
    assert folder == tmp_path / "releases" / name
    assert any("now hides the release first-light of AiTunes" in sentence for sentence in said) is hides
    said.clear()
    actions.export(tmp_path / "elsewhere", ReleaseNames(name, "Mine", "Made by a test."), trained, quick=True)
    assert not any("hides" in sentence for sentence in said)
