"""A small experiment on audio, for the tests of what comes after its features."""

import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

FRAMES = 16
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audio_folder(tmp_path_factory):
    """Six tracks of two kinds."""
    soundfile = pytest.importorskip("soundfile")
    folder = tmp_path_factory.mktemp("audio")
    t = np.arange(22_050) / 22_050
    for n in range(6):
        path = folder / ("tones", "noise")[n % 2] / f"{n}.wav"
        path.parent.mkdir(exist_ok=True)
        tone = 0.3 * np.sin(2 * np.pi * 200 * (n + 1) * t)
        soundfile.write(path, tone if n % 2 == 0 else 0.1 * np.random.default_rng(n).standard_normal(t.size), 22_050)
    return folder


def _perceptron(shape):
    from aitunes.experiments.scenarios.scenario import Recipe
    from aitunes.modules.losses import KLDivergence, SquaredError
    from aitunes.modules.objective import WeightedLoss
    from aitunes.modules.variational import VariationalAutoencoder

    loss = WeightedLoss({"squared": SquaredError(), "kl": KLDivergence()}, {"kl": 0.01})
    return Recipe(VariationalAutoencoder(shape, 6, (32,)), loss, 2, 8)


@pytest.fixture(scope="module")
def small_case():
    """`folder` with segments small enough for a test."""
    pytest.importorskip("lightning", reason="pip install aitunes[training]")
    from aitunes.experiments.cases import find_case
    from aitunes.experiments.scenarios.scenario import Scenario, ScenarioContainer
    from aitunes.features import AudioFeatures

    features = AudioFeatures(22_050, 1024, 256, 32, 50.0, 11_025.0, (-60.0, 20.0), FRAMES)
    case = find_case("folder")
    scenarios = [replace(scenario, features=features) for scenario in case.scenarios if "low" in scenario.name]
    scenarios.append(Scenario("tiny", "1", "A perceptron", _perceptron, features))
    return replace(case, features=features, scenarios=ScenarioContainer("folder", scenarios))


@pytest.fixture(scope="module")
def corpus_of(small_case, audio_folder, tmp_path_factory):
    """`corpus_of("low-dim16")`: the folder's segments for a scenario."""
    from training.data.corpus import CorpusOptions, open_corpus

    store = tmp_path_factory.mktemp("features") / "a"

    def corpus(name, **changes):
        options = CorpusOptions(audio_folder, store, workers=1, **changes)
        return open_corpus(small_case, small_case.scenarios.find(name), options, lambda *told: None, lambda said: None)

    return corpus


@pytest.fixture
def playing_engine():
    """`playing_engine(releases, name)`: a silent engine's address, and what tells which release it plays."""
    processes = []

    def start(releases, name, **environment):
        words = ["play", "--output", "none", "--no-pad", "--no-midi", "--no-oscquery", "--osc-port", "0"]
        words += ["--releases", str(releases), "--release", name]
        process = subprocess.Popen(
            [sys.executable, "-m", "instrument", *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        found = next(found for line in process.stderr if (found := re.search(r"OSC at ([\d.]+):(\d+)", line)))
        host, port = found.groups()
        # It waits for most of a test: without its drone that costs a quarter.
        _send(host, int(port), OscMessageBuilder("/aitunes/stop"))
        return f"{host}:{port}", lambda: _playing(host, int(port))

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=60)


def _send(host, port, message):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.sendto(message.build().dgram, (host, port))


def _playing(host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(60)
        link.sendto(OscMessageBuilder("/aitunes/release/load").build().dgram, (host, port))
        return OscMessage(link.recv(65_536)).params[0]
