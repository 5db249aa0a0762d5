"""What holds for every φ, whatever its architecture: borders, sizes, gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from lichen.features.extractor import FeatureExtractor, NetworkFeatures
from lichen.features.pixels import Pixels
from lichen.features.random_vgg import NORMALIZATION
from lichen.features.squeezenet import DEFAULT_LAYERS
from lichen.networks.conv_stack import ConvStack
from lichen.networks.random_filters import RandomFilters, random_weights
from lichen.networks.squeezenet import SqueezeNet
from lichen.nn.border import Border
from lichen.nn.precision import in_precision

MODES = ("zero", "reflect", "replicate", "circular")
BORDERS = [*((mode, mode) for mode in MODES), ("circular", "zero"), ("reflect", "circular")]


def stack(pooling: str) -> NetworkFeatures:
    generator = torch.Generator().manual_seed(2)
    weights = {}
    widths = {"conv1_1": (3, 4), "conv1_2": (4, 5), "conv2_1": (5, 6), "conv3_1": (6, 4)}
    for name, (n_in, n_out) in widths.items():
        weights[f"{name}.weight"] = torch.randn((n_out, n_in, 3, 3), generator=generator) / 3
        weights[f"{name}.bias"] = torch.randn((n_out,), generator=generator)
    network = ConvStack(weights, NORMALIZATION, pooling)  # type: ignore[arg-type]
    return NetworkFeatures("small", network)


def squeezenet(pooling: str) -> NetworkFeatures:
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for name, shape in SqueezeNet.shapes().items():
        fan_in = shape[1] * shape[2] * shape[3] if len(shape) == 4 else 100
        weights[name] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
    network = SqueezeNet(weights, NORMALIZATION, pooling)  # type: ignore[arg-type]
    return NetworkFeatures("random squeezenet", network, DEFAULT_LAYERS)


def random_filters() -> NetworkFeatures:
    network = RandomFilters(random_weights(0, maps=6))
    return NetworkFeatures("random", network, network.layers)


ALL: dict[str, Callable[[], FeatureExtractor]] = {
    "conv stack, average": lambda: stack("average"),
    "conv stack, max": lambda: stack("max"),
    "squeezenet, average": lambda: squeezenet("average"),
    "squeezenet, max": lambda: squeezenet("max"),
    "random filters": random_filters,
    "pixels": Pixels,
}


@pytest.fixture(params=list(ALL))
def net(request: pytest.FixtureRequest) -> FeatureExtractor:
    return in_precision(ALL[request.param](), torch.float64)


def image(*size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.rand((1, 3, *size), generator=generator, dtype=torch.float64)


def test_circular_borders_make_a_rolled_image_give_rolled_maps(net: FeatureExtractor) -> None:
    coarsest = max(net.strides.values())
    picture = image(4 * coarsest, 3 * coarsest)
    shift = (coarsest, -2 * coarsest)
    still = net(picture, net.layers, ("circular", "circular"))
    rolled = net(picture.roll(shift, (2, 3)), net.layers, ("circular", "circular"))
    for name in net.layers:
        steps = tuple(pixels // net.strides[name] for pixels in shift)
        expected = still[name].roll(steps, (2, 3))
        scale = float(expected.abs().max())
        torch.testing.assert_close(rolled[name], expected, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("axis", [0, 1])
def test_each_axis_wraps_by_itself(net: FeatureExtractor, axis: int) -> None:
    coarsest = max(net.strides.values())
    picture = image(3 * coarsest, 3 * coarsest)
    border: Border = ("circular", "reflect") if axis == 0 else ("reflect", "circular")
    still = net(picture, net.layers, border)
    rolled = net(picture.roll(coarsest, 2 + axis), net.layers, border)
    for name in net.layers:
        expected = still[name].roll(coarsest // net.strides[name], 2 + axis)
        torch.testing.assert_close(rolled[name], expected, rtol=1e-9, atol=1e-9)


def test_circular_is_the_middle_of_a_tiled_image(net: FeatureExtractor) -> None:
    size = 4 * max(net.strides.values())
    picture = image(size, size)
    alone = net(picture, net.layers, ("circular", "circular"))
    tiled = net(picture.repeat(1, 1, 3, 3), net.layers, ("circular", "circular"))
    for name in net.layers:
        n = size // net.strides[name]
        middle = tiled[name][:, :, n : 2 * n, n : 2 * n]
        torch.testing.assert_close(alone[name], middle, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("border", BORDERS, ids="-".join)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (3, 5), (17, 33), (37, 20)])
def test_any_size_gives_finite_maps(
    net: FeatureExtractor, border: Border, size: tuple[int, int]
) -> None:
    picture = image(*size).requires_grad_()
    maps = net(picture, net.layers, border)
    total = torch.zeros((), dtype=torch.float64)
    for name in net.layers:
        assert maps[name].shape[1] == net.channels(name)
        assert maps[name].numel() > 0
        assert bool(maps[name].isfinite().all())
        total = total + maps[name].square().mean()
    (gradient,) = torch.autograd.grad(total, picture)
    assert bool(gradient.isfinite().all())


@pytest.mark.parametrize("border", [b for b in BORDERS if "zero" not in b], ids="-".join)
def test_a_plain_image_has_plain_maps_unless_borders_are_zero(
    net: FeatureExtractor, border: Border
) -> None:
    plain = torch.tensor([0.9, 0.4, 0.1], dtype=torch.float64).view(1, 3, 1, 1).expand(1, 3, 33, 47)
    for name, maps in net(plain, net.layers, border).items():
        spread = maps.amax((2, 3)) - maps.amin((2, 3))
        assert float(spread.max()) <= 1e-9 * max(1.0, float(maps.abs().max())), name


def test_asking_for_fewer_layers_changes_nothing(net: FeatureExtractor) -> None:
    picture = image(32, 48)
    everything = net(picture, net.layers, ("reflect", "circular"))
    for name in net.layers:
        alone = net(picture, [name], ("reflect", "circular"))
        assert list(alone) == [name]
        assert torch.equal(alone[name], everything[name])


@pytest.mark.parametrize("border", BORDERS, ids="-".join)
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_gradients_are_finite_differences(border: Border, pooling: str) -> None:
    net = in_precision(stack(pooling), torch.float64)
    layers = ("conv1_1", "pool1", "relu2_1", "pool3")

    def maps(picture: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(net(picture, layers, border).values())

    picture = image(5, 7).requires_grad_()
    # In fast mode along one random direction of all inputs and outputs at once.
    assert torch.autograd.gradcheck(maps, (picture,), eps=1e-7, atol=1e-4, fast_mode=True)


@pytest.mark.parametrize("name", ["squeezenet, max", "random filters"])
def test_gradients_of_the_others_along_a_direction(name: str) -> None:
    net = in_precision(ALL[name](), torch.float64)
    picture, direction = image(32, 24), torch.randn((1, 3, 32, 24), dtype=torch.float64)

    def total(x: torch.Tensor) -> torch.Tensor:
        maps = net(x, net.default_layers, ("circular", "reflect"))
        return torch.stack([m.square().mean() for m in maps.values()]).sum()

    (gradient,) = torch.autograd.grad(total(picture.requires_grad_()), picture)
    step = 1e-6 * direction
    with torch.no_grad():
        difference = (total(picture + step) - total(picture - step)) / 2e-6
    assert float((gradient * direction).sum()) == pytest.approx(float(difference), rel=1e-5)
