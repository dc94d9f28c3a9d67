"""Fixtures that every test may use: a generator, test data, programs of others, and releases small enough to read."""

import io
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from aitunes.features import AudioFeatures
from aitunes.release.card import LatentSpace, ReleaseCard, TensorSpec, TrainingRecord
from aitunes.release.reader import DECODER, ENCODER, MAP, TORCHSCRIPT
from aitunes.release.writer import write_release

DATA_VARIABLE = "AITUNES_TEST_DATA"
REQUIRE_VARIABLE = "AITUNES_REQUIRE_PEERS"
REQUIRED = os.environ.get(REQUIRE_VARIABLE) == "1"

# Examples may take as long as a busy machine needs; continuous integration tries the same ones every time.
settings.register_profile("aitunes", deadline=None, derandomize=REQUIRED, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("aitunes")

# A shell that starts a job in the background has it ignore Ctrl-C, and so would every program that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def lack(reason):
    """Skip what cannot be tested here; fail where the tests are meant to be complete, as in continuous integration."""
    if os.environ.get(REQUIRE_VARIABLE) == "1":
        pytest.fail(f"{reason} ({REQUIRE_VARIABLE} is set)")
    pytest.skip(reason)


@pytest.fixture
def rng():
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real audio and images; see CONTRIBUTING.md."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get(DATA_VARIABLE, default))
    if not folder.is_dir():
        lack(f"no test data in {folder}; set {DATA_VARIABLE}")
    return folder


@pytest.fixture(scope="session", name="lack")
def lack_fixture():
    """`lack(reason)`: skip, or fail where nothing may be skipped."""
    return lack


@pytest.fixture(scope="session")
def need():
    """`need("jackd", "jackd2")`: the program's path, or a reason why the test cannot run."""

    def find(program, package):
        path = shutil.which(program)
        if path is None:
            lack(f"{program} is not installed; apt-get install {package}")
        return path

    return find


@dataclass(frozen=True)
class TinyReleases:
    """Makes releases whose decoder is one line of arithmetic: S = clip(bias + z @ weights, 0, 1)."""

    def card(self, name="tiny", latent_dim=3, frames=1, **features):
        sizes = {"sample_rate": 44_100, "n_fft": 512, "hop_length": 128, "n_mels": 32, "f_min": 50.0, "f_max": 15e3}
        audio = AudioFeatures(**{**sizes, "db_range": (-60.0, 10.0), "frames": frames, **features})
        codes = np.random.default_rng(7).normal(size=(500, latent_dim)) * np.arange(latent_dim, 0, -1)
        return ReleaseCard(
            name=name,
            public_name=name.title(),
            description="Made by a test.",
            latent_dim=latent_dim,
            features=audio,
            inputs=(TensorSpec("z", ("batch", latent_dim), (-16.0, 16.0)),),
            output=TensorSpec("S", ("batch", audio.bands, frames), (0.0, 1.0)),
            latent=LatentSpace.from_codes(codes),
            training=TrainingRecord("none", "CC0-1.0", 500, "0" * 64, "none", "pytest", 1),
        )

    def decoder(self, card, bias=None, weights=None, clip=True):
        """An ONNX model.

        Args:
            card: gives the shapes.
            bias: [n_mels, frames] or what broadcasts to it; by default a gentle slope.
            weights: [latent_dim, n_mels * frames]; by default small and random.
            clip: keep the output in 0..1.
        """
        d, n_mels, frames = card.latent_dim, card.features.bands, card.features.frames
        if bias is None:
            bias = np.linspace(0.7, 0.3, n_mels)[:, None]
        if weights is None:
            weights = 0.05 * np.random.default_rng(11).normal(size=(d, n_mels * frames))
        steps = f"""
            projected = MatMul (z, weights)
            flat = Add (projected, bias)
            segment = Reshape (flat, shape)
            S = {"Clip (segment, low, high)" if clip else "Identity (segment)"}
        """
        bias = np.broadcast_to(bias, (n_mels, frames)).reshape(-1)
        limits = {"low": 0.0, "high": 1.0} if clip else {}
        return self.model(card, steps, weights=weights, bias=bias, shape=[-1, n_mels, frames], **limits)

    def model(self, card, steps, **constants):
        """An ONNX model with a card's inputs and output: its steps in ONNX's own text, over constants."""
        try:
            import onnx.parser
            from onnx import checker, numpy_helper
        except ImportError:
            lack("onnx is not installed; pip install aitunes[training]")

        def described(spec):
            return f"float[{', '.join(map(str, spec.shape))}] {spec.name}"

        inputs = ", ".join(map(described, card.inputs))
        head = f'<ir_version: 8, opset_import: ["": 17]> decoder ({inputs}) => ({described(card.output)})'
        model = onnx.parser.parse_model(f"{head} {{ {steps} }}")
        for name, values in constants.items():
            values = np.asarray(values)
            values = values.astype(np.float32) if values.dtype.kind == "f" else values
            model.graph.initializer.append(numpy_helper.from_array(values, name))
        checker.check_model(model)
        return model.SerializeToString()

    def files(self, card, decoder, landmarks=5):
        """The contents of every file but the card; encoder and TorchScript are stand-ins that nobody opens here."""
        stream = io.BytesIO()
        names = np.array([f"item {n}" for n in range(landmarks)])
        np.savez(
            stream,
            codes=np.zeros((landmarks, card.latent_dim), np.float32),
            positions=np.full((landmarks, 2), 0.5, np.float32),
            labels=names,
            sources=names,
        )
        return {DECODER: decoder, ENCODER: b"encoder", TORCHSCRIPT: b"model", MAP: stream.getvalue()}

    def write(self, parent, name="tiny", latent_dim=3, frames=1, bias=None, weights=None, **features):
        """Write a whole release into a folder of releases and return its own folder."""
        card = self.card(name, latent_dim, frames, **features)
        return write_release(parent, card, self.files(card, self.decoder(card, bias, weights)))

    def sine(self, parent, name, hz, **sizes):
        """Write a release that plays one sine, whatever its code."""
        card = self.card(name, **sizes)
        features = card.features
        t = np.arange(4 * features.n_fft) / features.sample_rate
        frame = features.analyse((0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32))[:, 1:2]
        silent = np.zeros((card.latent_dim, features.n_mels * features.frames))
        return write_release(parent, card, self.files(card, self.decoder(card, frame, silent)))


@pytest.fixture(scope="session")
def tiny():
    return TinyReleases()
