"""Tests what every autoencoder holds to."""

import io

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.activations import ACTIVATIONS  # noqa: E402
from aitunes.modules.convolutional import CVAE  # noqa: E402
from aitunes.modules.resnet import ResNet2dV1, ResNet2dV2  # noqa: E402
from aitunes.modules.vanilla import VanillaAutoencoder  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402
from aitunes.modules.vq_resnet import VQ_ResNet2D  # noqa: E402

pytestmark = pytest.mark.training

MODELS = [VanillaAutoencoder, VariationalAutoencoder, CVAE, ResNet2dV1, ResNet2dV2, VQ_ResNet2D]
PLANE_MODELS = MODELS[2:]
SHAPES = [(1,), (5,), (17, 3), (31, 64), (3, 11, 6), (1, 28, 28)]


def small(model, shape=(13, 9), latent_dim=8, **settings):
    torch.manual_seed(5)
    sizes = {"channels": (4, 6, 8)} if model in PLANE_MODELS else {"hidden": (16,)}
    return model(shape, latent_dim, **sizes, **settings)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_output_has_the_shape_of_the_input_whatever_it_is(model, shape):
    subject = small(model, shape)
    output = subject(torch.rand(3, *shape))
    assert output.reconstruction.shape == (3, *shape)
    assert output.z.shape == output.mean.shape == (3, 8)
    assert subject.decode(torch.randn(2, 8)).shape == (2, *shape)


@pytest.mark.parametrize("model", MODELS)
def test_every_weight_learns(model):
    subject = small(model)
    S = torch.rand(6, 13, 9)
    output = subject(S)
    loss = ((output.reconstruction - S) ** 2).sum()
    if model is VQ_ResNet2D:
        loss = loss + output.commitment
    loss.backward()
    still = [name for name, weight in subject.named_parameters() if weight.grad is None or not weight.grad.abs().sum()]
    # A convolution before a normalisation over the batch may shift as it likes: its bias has no effect.
    assert all(name.endswith("bias") for name in still), still


@pytest.mark.parametrize("model", MODELS)
def test_evaluation_is_encode_then_decode_and_leaves_nothing_to_chance(model):
    subject = small(model)
    S = torch.rand(5, 13, 9)
    subject(S)
    subject.eval()
    output = subject(S)
    assert torch.equal(output.mean, subject.encode(S))
    assert torch.equal(output.reconstruction, subject.decode(subject.encode(S)))
    assert torch.equal(output.reconstruction, subject(S).reconstruction)


@pytest.mark.parametrize("model", [VariationalAutoencoder, CVAE, ResNet2dV1, ResNet2dV2])
def test_variational_models_sample_in_training(model):
    subject = small(model)
    S = torch.rand(4, 13, 9)
    assert not torch.equal(subject(S).z, subject(S).z)
    assert subject(S).log_var.shape == (4, 8)


@pytest.mark.parametrize("model", [CVAE, ResNet2dV1, ResNet2dV2])
def test_without_a_distribution_the_code_is_the_mean(model):
    output = small(model, variational=False)(torch.rand(4, 13, 9))
    assert output.log_var is None
    assert torch.equal(output.z, output.mean)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("name", "low", "high"), [("sigmoid", 0, 1), ("stretched sigmoid", 0, 1), ("tanh", -1, 1)])
def test_decoded_values_stay_in_the_range_of_the_activation(model, name, low, high):
    S = small(model, decoder_activation=name).eval().decode(1e3 * torch.randn(40, 8))
    assert low <= S.min()
    assert S.max() <= high


def test_an_unknown_activation_lists_the_choices():
    with pytest.raises(ValueError, match=f"'softmax'; choose from {', '.join(ACTIVATIONS)}"):
        small(CVAE, decoder_activation="softmax")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("shape", "latent_dim"), [((4, 0), 8), ((), 8), ((1, 2, 3, 4), 8), ((4, 4), 0)])
def test_shapes_that_are_none_are_refused(model, shape, latent_dim):
    with pytest.raises(ValueError, match="one to three dimensions"):
        small(model, shape, latent_dim)


@pytest.mark.parametrize("model", PLANE_MODELS)
def test_evaluation_of_an_item_does_not_depend_on_its_batch(model):
    subject = small(model)
    S = torch.rand(8, 13, 9)
    subject(S)
    subject.eval()
    whole = subject(S).reconstruction
    single = torch.cat([subject(item[None]).reconstruction for item in S])
    assert torch.allclose(whole, single, atol=1e-5)


@pytest.mark.parametrize("model", PLANE_MODELS)
def test_batch_norm_momentum_behaves_the_same_in_evaluation(model):
    slow, fast = (small(model, batch_norm_momentum=momentum) for momentum in (0.1, 0.5))
    assert {m.momentum for m in slow.modules() if isinstance(m, torch.nn.BatchNorm2d)} == {0.1}
    S = torch.rand(8, 13, 9)
    # On one batch the running statistics end at that batch's, only later or sooner.
    for subject, passes in ((slow, 150), (fast, 30)):
        with torch.no_grad():
            for _ in range(passes):
                subject.encode(S)
    ours, theirs = (subject.eval().encode(S) for subject in (slow, fast))
    assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_a_saved_model_is_the_same_when_loaded(model):
    subject = small(model)
    subject(torch.rand(8, 13, 9))
    stream = io.BytesIO()
    torch.save(subject.state_dict(), stream)
    stream.seek(0)
    torch.manual_seed(6)
    again = small(model)
    again.load_state_dict(torch.load(stream, weights_only=True))
    S = torch.rand(3, 13, 9)
    assert torch.equal(subject.eval()(S).reconstruction, again.eval()(S).reconstruction)


def test_codes_of_the_prior_are_standard_normal_and_seeded():
    subject = small(CVAE)
    codes, again = (subject.sample_codes(4000, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(codes, again)
    assert codes.mean().abs() < 0.02
    assert codes.std() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("model", [CVAE, ResNet2dV1, VQ_ResNet2D])
def test_onnx_and_torchscript_equal_the_model_at_another_batch_size(model):
    pytest.importorskip("onnxscript")
    onnxruntime = pytest.importorskip("onnxruntime")
    from training.export.onnx_files import onnx_bytes
    from training.export.wrappers import DecoderExport, EncoderExport

    subject = small(model)
    S = torch.rand(7, 13, 9)
    for _ in range(3):
        subject(S)
    subject.eval()
    with torch.no_grad():
        z = subject.encode(S)
        decoded = subject.decode(z)
        traced = torch.jit.trace(DecoderExport(subject), (z[:2],))
        assert (traced(z) - decoded).abs().max() <= 1e-4
    encoder = onnxruntime.InferenceSession(onnx_bytes(EncoderExport(subject), {"S": S[:2]}, "z"))
    decoder = onnxruntime.InferenceSession(onnx_bytes(DecoderExport(subject), {"z": z[:2]}, "S"))
    assert np.abs(encoder.run(["z"], {"S": S.numpy()})[0] - z.numpy()).max() <= 1e-4
    assert np.abs(decoder.run(["S"], {"z": z.numpy()})[0] - decoded.numpy()).max() <= 1e-4
