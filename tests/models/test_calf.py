"""The CALF network: sizes, a literal second implementation, its capsules, its reach."""

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from tests.models.reference import ReferenceCalf, reference_of
from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.models import CalfArchitecture, CalfNetwork

V1 = CalfArchitecture()
V2 = CalfArchitecture(num_classes=17, num_spots=15)
WIDE = CalfArchitecture(num_classes=17, num_spots=15, feature_dim=1280)
TF_2048 = CalfArchitecture(feature_dim=2048, hidden=(512, 128))
SMALL = CalfArchitecture(
    feature_dim=12,
    num_classes=3,
    chunk_frames=41,
    num_spots=4,
    capsule_dim=5,
    receptive_field_frames=13,
    hidden=(10, 6),
)


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def make(architecture: CalfArchitecture, seed: int = 0, **options: Any) -> CalfNetwork:
    """A network whose normalisation is far from its initial state."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CalfNetwork(architecture, **options)
        if architecture.kind == "calf":
            normalisation = network.capsule_scores.normalisation
            for tensor in (
                normalisation.weight.data,
                normalisation.bias.data,
                normalisation.running_mean,
            ):
                tensor.uniform_(-1, 1)
            normalisation.running_var.uniform_(0.5, 2)
    return network


def features(
    architecture: CalfArchitecture, batch: int = 3, frames: int | None = None, seed: int = 1
) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(
        (batch, frames or architecture.chunk_frames, architecture.feature_dim), generator=generator
    )


@pytest.mark.parametrize(
    ("architecture", "count"),
    [
        (V1, 332_129),
        (V2, 578_245),
        (WIDE, 676_549),
        (TF_2048, 2_056_001),
        (CalfArchitecture(feature_dim=2048), 528_737),
    ],
    ids=["v1", "v2", "1280", "2048 with the widths of TF", "2048"],
)
def test_calf_network_has_the_published_number_of_parameters(
    architecture: CalfArchitecture, count: int
) -> None:
    assert parameters(CalfNetwork(architecture)) == count
    assert parameters(ReferenceCalf(architecture)) == count


def test_calf_network_layers_have_the_published_parameters() -> None:
    network = CalfNetwork(V1)
    assert {
        name: parameters(layer)
        for name, layer in network.named_modules()
        if not list(layer.children())
    } == {
        "encoder.first": 65_664,
        "encoder.second": 4_128,
        "pyramid.convolutions.0": 3_080,
        "pyramid.convolutions.1": 13_840,
        "pyramid.convolutions.2": 40_992,
        "pyramid.convolutions.3": 163_904,
        "segmentation": 21_936,
        "capsule_scores.normalisation": 480,
        "spotting.first": 4_928,
        "spotting.second": 1_552,
        "spotting.confidence_location": 4_650,
        "spotting.classification": 6_975,
    }
    large = CalfNetwork(V2)
    assert [parameters(layer) for layer in (large.segmentation, large.spotting.first)] == [
        124_304,
        27_776,
    ]
    assert [
        parameters(layer)
        for layer in (large.spotting.confidence_location, large.spotting.classification)
    ] == [
        13_950,
        118_575,
    ]


def test_calf_network_layers_have_the_published_shapes() -> None:
    layers = reference_of(make(V1))(features(V1, batch=2))
    shapes = {
        name: tuple(value.shape[1:])
        for name, value in layers._asdict().items()
        if isinstance(value, Tensor)
    }
    assert shapes == {
        "mlp1": (128, 240),
        "mlp2": (32, 240),
        "concatenated": (152, 240),
        "capsules": (48, 240),
        "activated": (240, 16, 3),
        "distances": (240, 3),
        "flat": (464,),
        "spots": (5, 5),
    }
    assert [tuple(level.shape[1:]) for level in layers.pyramid] == [
        (8, 240),
        (16, 240),
        (32, 240),
        (64, 240),
    ]
    assert [tuple(level.shape[1:]) for level in layers.pooled] == [(51, 119), (32, 59), (16, 29)]

    network = make(V1)
    encoded = network.encoder(features(V1, batch=2))
    assert encoded.shape == (2, 32, 240)
    assert network.pyramid(encoded).shape == (2, 152, 240)
    assert network.pyramid.out_channels == 152
    capsules = network.segmentation(network.pyramid(encoded))
    assert capsules.shape == (2, 48, 240)
    assert network.capsule_scores(capsules).shape == (2, 240, 3)


@pytest.mark.parametrize("architecture", [V1, V2, SMALL], ids=["v1", "v2", "small"])
def test_calf_network_outputs_have_their_shapes_and_ranges(architecture: CalfArchitecture) -> None:
    scores, spots, *_ = make(architecture)(features(architecture, batch=2))
    assert scores.shape == (2, architecture.chunk_frames, architecture.num_classes)
    assert spots.shape == (2, architecture.num_spots, 2 + architecture.num_classes)
    assert 0 <= scores.min() < scores.max() <= 1
    assert 0 <= spots.min() < spots.max() <= 1
    torch.testing.assert_close(spots[..., 2:].sum(dim=-1), torch.ones(spots.shape[:2]))


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("bn_axis", ["time", "capsule"])
@pytest.mark.parametrize("sizes", [V1, V2, SMALL], ids=["v1", "v2", "small"])
def test_calf_network_equals_the_literal_transcription(
    sizes: CalfArchitecture, bn_axis: Any, training: bool
) -> None:
    network = make(sizes.replace(bn_axis=bn_axis)).train(training)
    twin = reference_of(network)
    inputs = features(sizes, batch=2)
    own, expected = network(inputs), twin(inputs)
    torch.testing.assert_close(own.scores, 1 - expected.distances, rtol=0, atol=1e-5)
    torch.testing.assert_close(own.spots, expected.spots, rtol=0, atol=1e-5)
    normalisation = network.capsule_scores.normalisation
    torch.testing.assert_close(
        normalisation.running_mean, twin.batch_seg_mean, rtol=1e-5, atol=1e-6
    )
    torch.testing.assert_close(normalisation.running_var, twin.batch_seg_var, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["fft", "direct"])
@pytest.mark.parametrize("bn_axis", ["time", "capsule"])
def test_calf_network_frames_first_equals_the_order_of_other_devices(
    bn_axis: Any, mode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = []
    for frames_first in (True, False):
        monkeypatch.setattr(
            "spotkick.models.calf.runs_frames_first", lambda _, own=frames_first: own
        )
        network = make(SMALL.replace(bn_axis=bn_axis), pyramid_mode=mode).double()
        inputs = features(SMALL).double().requires_grad_()
        scores, spots, *_ = network(inputs)
        ((scores**2).sum() + (spots**3).sum()).backward()
        gradients = [parameter.grad for parameter in network.parameters()]
        outcomes.append([scores, spots, inputs.grad, *gradients, *network.buffers()])
    for own, expected in zip(*outcomes, strict=True):
        # Distances are computed in single precision.
        assert (own - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_calf_network_gradients_equal_the_literal_transcription() -> None:
    network = make(SMALL, pyramid_mode="direct")
    twin = reference_of(network)
    inputs = features(SMALL)
    own, expected = network(inputs), twin(inputs)
    generator = torch.Generator().manual_seed(7)
    of_scores, of_spots = (torch.randn(output.shape, generator=generator) for output in own[:2])
    ((own.scores * of_scores).sum() + (own.spots * of_spots).sum()).backward()
    (((1 - expected.distances) * of_scores).sum() + (expected.spots * of_spots).sum()).backward()
    pairs = [
        (network.encoder.first.weight, twin.conv_1.weight),
        (network.encoder.second.bias, twin.conv_2.bias),
        (network.pyramid.convolutions[0].weight, twin.conv_p_1.weight),
        (network.pyramid.convolutions[3].weight, twin.conv_p_4.weight),
        (network.segmentation.weight, twin.conv_seg.weight),
        (network.capsule_scores.normalisation.weight, twin.batch_seg_weight),
        (network.spotting.first.weight, twin.conv_spot_1.weight),
        (network.spotting.classification.weight, twin.conv_class.weight),
    ]
    for own_parameter, expected_parameter in pairs:
        assert own_parameter.grad.abs().max() > 0
        torch.testing.assert_close(
            own_parameter.grad,
            expected_parameter.grad.reshape(own_parameter.shape),
            rtol=1e-3,
            atol=1e-4,
        )


@pytest.mark.parametrize("capsule_dim", [1, 2, 3, 5, 7, 16, 24])
@pytest.mark.parametrize(("bias", "score"), [(0.0, 1.0), (60.0, 0.0), (-60.0, 0.0)])
def test_capsule_scores_at_target_and_corners_are_exact(
    capsule_dim: int, bias: float, score: float
) -> None:
    architecture = SMALL.replace(capsule_dim=capsule_dim)
    network = make(architecture)
    normalisation = network.capsule_scores.normalisation
    normalisation.weight.data.zero_()
    normalisation.bias.data.fill_(bias)  # every sigmoid is 1/2, 1 or 0
    inputs = features(architecture).requires_grad_()
    scores, spots, *_ = network(inputs)
    assert (scores - score).abs().max() < 1e-5
    assert scores.min() >= 0
    assert scores.max() <= 1
    ((scores**2).sum() + spots.sum()).backward()
    assert torch.isfinite(inputs.grad).all()
    for parameter in network.parameters():
        assert torch.isfinite(parameter.grad).all()


def test_capsule_scores_between_equal_the_distance() -> None:
    network = make(SMALL)
    normalisation = network.capsule_scores.normalisation
    normalisation.weight.data.zero_()
    normalisation.bias.data.fill_(
        torch.logit(torch.tensor(0.75)).item()
    )  # half of the way to the corner
    assert network(features(SMALL)).scores.detach() == pytest.approx(0.5, abs=1e-6)


def test_capsule_scores_channels_run_over_classes_first() -> None:
    scores = make(SMALL.replace(bn_axis="capsule")).capsule_scores
    scores.normalisation.reset_running_stats()
    scores.normalisation.reset_parameters()
    scores.eval()
    capsules = torch.zeros((1, SMALL.capsule_dim * 3, SMALL.chunk_frames))
    capsules[0, 1::3] = 1e4  # every feature of class 1
    assert scores(capsules)[0].detach().numpy() == pytest.approx(
        torch.tensor([0.0, 1.0, 0.0]).expand(41, 3).numpy(), abs=1e-5
    )


def test_calf_network_receptive_field_is_40_back_and_41_ahead() -> None:
    architecture = CalfArchitecture(feature_dim=4, hidden=(4, 4), bn_axis="capsule")
    network = make(architecture, pyramid_mode="direct").double().eval()
    for layer in (network.encoder.first, network.encoder.second):
        layer.weight.data.abs_()  # no unit is silent
        layer.bias.data.abs_()
    for layer in network.pyramid.layers():
        layer.weight.data.abs_()
        layer.bias.data.abs_()
    inputs = features(architecture, batch=1).double().abs().requires_grad_()
    network.segmentation(network.pyramid(network.encoder(inputs)))[0, :, 120].abs().sum().backward()
    seen = inputs.grad[0].abs().sum(dim=1).nonzero()[:, 0]
    assert (seen.min().item(), seen.max().item()) == (120 - 40, 120 + 41)
    assert architecture.border_frames == 40


@pytest.mark.parametrize("frames", [15, 100, 241, 500])
def test_calf_network_capsule_normalisation_takes_any_length(frames: int) -> None:
    architecture = V1.replace(bn_axis="capsule", feature_dim=8)
    network = make(architecture).eval()
    capsules = network.segmentation(
        network.pyramid(network.encoder(features(architecture, 2, frames)))
    )
    distances = network.capsule_scores(capsules)
    assert distances.shape == (2, frames, 3)


def test_calf_network_time_normalisation_needs_its_chunk_length() -> None:
    with pytest.raises((RuntimeError, ValueError)):
        make(SMALL)(features(SMALL, frames=43))


def test_calf_network_score_sense_turns_scores_alone() -> None:
    near, far = make(SMALL).eval(), make(SMALL.replace(score_sense="distance")).eval()
    far.load_state_dict(near.state_dict())
    inputs = features(SMALL)
    torch.testing.assert_close(far(inputs).scores, 1 - near(inputs).scores)
    assert torch.equal(far(inputs).spots, near(inputs).spots)


def test_calf_network_short_chunks_are_refused() -> None:
    short = SMALL.replace(chunk_frames=15, receptive_field_frames=3)
    assert make(short)(features(short)).spots.shape == (3, 4, 5)
    for frames in (1, 3, 14):
        with pytest.raises(ConfigError, match=f"chunk_frames must be at least 15 .* got {frames}"):
            CalfNetwork(short.replace(chunk_frames=frames))


@pytest.mark.parametrize(("frames", "border"), [(80, 40), (13, 7), (1, 1), (2, 1)])
def test_border_frames_are_half_of_the_receptive_field(frames: int, border: int) -> None:
    assert V1.replace(receptive_field_frames=frames).border_frames == border


def test_calf_architecture_is_frozen_and_checked() -> None:
    with pytest.raises(ConfigError, match="unknown key 'capsul_dim', did you mean 'capsule_dim'"):
        CalfArchitecture.parse({"capsul_dim": 3})
    for key in (
        "feature_dim",
        "num_classes",
        "chunk_frames",
        "num_spots",
        "capsule_dim",
        "receptive_field_frames",
    ):
        with pytest.raises(ConfigError, match=f"'{key}' = 0"):
            V1.replace(**{key: 0})
    with pytest.raises(ValidationError, match="frozen"):
        V1.num_classes = 4


def test_calf_network_half_precision_gives_single_precision_scores() -> None:
    network = make(SMALL, pyramid_mode="direct").eval()
    expected = network(features(SMALL))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = network(features(SMALL))
    assert output.scores.dtype == output.spots.dtype == torch.float32
    torch.testing.assert_close(output.scores, expected.scores, rtol=0, atol=0.1)
    torch.testing.assert_close(output.spots, expected.spots, rtol=0, atol=0.1)
