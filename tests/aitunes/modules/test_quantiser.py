import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.quantiser import VectorQuantiser, perplexity  # noqa: E402
from aitunes.modules.vq_resnet import VQ_ResNet2D  # noqa: E402

pytestmark = pytest.mark.training


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(9)


def started(entries=6, entry_dim=2, **settings):
    subject = VectorQuantiser(entries, entry_dim, **settings)
    subject.started.fill_(True)
    return subject


def test_every_vector_becomes_the_entry_nearest_to_it():
    subject = started().eval()
    vectors = torch.randn(50, 2)
    result = subject(vectors)
    distances = torch.cdist(vectors, subject.codebook)
    assert torch.equal(result.chosen, distances.argmin(dim=1))
    assert torch.allclose(result.vectors, subject.codebook[result.chosen])
    assert torch.allclose(result.distances, distances.min(dim=1).values ** 2, atol=1e-5)


def test_gradients_pass_to_what_was_quantised():
    vectors = torch.randn(5, 2, requires_grad=True)
    weights = torch.randn(5, 2)
    (started().eval()(vectors).vectors * weights).sum().backward()
    assert torch.equal(vectors.grad, weights)


def test_ema_equals_the_closed_form():
    decay, steps = 0.9, 12
    subject = started(entries=3, decay=decay, restart_below=0.0)
    counts, sums = [subject.counts.clone()], [subject.sums.clone()]
    for _ in range(steps):
        vectors = torch.randn(40, 2)
        one_hot = torch.nn.functional.one_hot(subject(vectors).chosen, 3).float()
        counts.append(one_hot.sum(dim=0))
        sums.append(one_hot.T @ vectors)
    # N_T = γ^T N_0 + (1 − γ) Σ γ^(T − t) n_t, and m_T likewise.
    weights = [decay**steps, *((1 - decay) * decay ** (steps - t) for t in range(1, steps + 1))]
    wanted_counts = sum(weight * n for weight, n in zip(weights, counts, strict=True))
    wanted_sums = sum(weight * s for weight, s in zip(weights, sums, strict=True))
    assert torch.allclose(subject.counts, wanted_counts, rtol=1e-5)
    assert torch.allclose(subject.sums, wanted_sums, rtol=1e-4, atol=1e-5)
    assert torch.allclose(subject.codebook, wanted_sums / wanted_counts[:, None], rtol=1e-3, atol=1e-4)


def test_entries_settle_on_the_centres_of_clusters():
    centres = torch.tensor([[4.0, 0.0], [0.0, 4.0], [-4.0, -4.0]])
    subject = VectorQuantiser(3, 2, decay=0.8)
    for _ in range(60):
        subject(centres.repeat(20, 1) + 0.05 * torch.randn(60, 2))
    distances = torch.cdist(centres, subject.codebook).min(dim=1).values
    assert distances.max() < 0.1


def test_usage_recovers_after_a_restart():
    far = 1e3 * torch.ones(16, 2)
    dead, alive = (started(entries=16, decay=0.9, restart_below=share) for share in (0.0, 0.05))
    for subject in (dead, alive):
        subject.codebook[1:] = far[1:]
        subject.sums[1:] = far[1:]
        for _ in range(80):
            usage = subject(torch.randn(200, 2)).usage
        if subject is dead:
            assert usage == pytest.approx(1.0)
    assert usage > 8.0


def test_evaluation_leaves_the_codebook_alone():
    subject = started().eval()
    before = {name: values.clone() for name, values in subject.state_dict().items()}
    subject(torch.randn(30, 2))
    assert all(torch.equal(values, before[name]) for name, values in subject.state_dict().items())


def test_the_first_batch_places_the_codebook():
    subject = VectorQuantiser(8, 2, decay=0.99)
    result = subject(100.0 + torch.randn(64, 2))
    assert (subject.codebook - 100.0).abs().max() < 10.0
    assert result.usage > 2.0


def test_fewer_vectors_than_entries_make_no_twins():
    subject = VectorQuantiser(32, 2)
    subject(torch.randn(4, 2))
    assert len(torch.unique(subject.codebook, dim=0)) == 32


def test_perplexity_counts_what_is_in_use():
    assert perplexity(torch.tensor([5.0, 5.0, 5.0, 5.0])).item() == pytest.approx(4.0)
    assert perplexity(torch.tensor([7.0, 0.0])).item() == pytest.approx(1.0)


@pytest.mark.parametrize("settings", [{"entries": 0}, {"decay": 1.0}, {"restart_below": -0.1}, {"epsilon": 0.0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="A codebook has entries"):
        VectorQuantiser(**{"entries": 4, "entry_dim": 2, **settings})


def vq_model():
    return VQ_ResNet2D((16, 12), 8, entry_dim=4, entries=10, channels=(4, 8))


def test_the_latent_coordinate_is_the_code_before_quantisation():
    model = vq_model()
    S = torch.rand(20, 16, 12)
    output = model(S)
    assert torch.equal(output.z, output.mean)
    assert not torch.allclose(output.z, output.quantised)
    model.eval()
    z = model.encode(S)
    assert torch.equal(model.decode(z), model.decode(model.quantise(z)))


def test_commitment_is_the_squared_distance_of_whole_codes():
    model = vq_model()
    S = torch.rand(20, 16, 12)
    model(S)
    output = model.eval()(S)
    wanted = ((output.z - model.quantise(output.z)) ** 2).sum(dim=1).mean()
    assert output.commitment.item() == pytest.approx(wanted.item(), rel=1e-4)
    assert 1.0 <= output.usage <= 10.0


def test_codes_of_the_prior_are_made_of_entries_the_data_choose():
    model = vq_model()
    model(torch.rand(20, 16, 12))
    model.quantiser.counts[3:] = 0.0
    codes = model.sample_codes(50, torch.Generator().manual_seed(2)).reshape(-1, 4)
    assert torch.cdist(codes, model.quantiser.codebook[:3]).min(dim=1).values.max() == 0.0


def test_entries_must_fit_into_the_code():
    with pytest.raises(ValueError, match="3 does not divide 8"):
        VQ_ResNet2D((16, 12), 8, entry_dim=3)
