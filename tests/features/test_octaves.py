"""Octaves: every layer of the inner phi, of pictures smoothed and halved as SciPy does it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from lichen.errors import ParameterError, UnknownNameError
from lichen.features.extractor import NetworkFeatures
from lichen.features.octaves import SMOOTHING, Octaves, reduce
from lichen.features.pixels import Pixels
from lichen.networks.random_filters import RandomFilters, random_weights
from lichen.nn.border import Border

REFLECT: Border = ("reflect", "reflect")
WRAPPED: Border = ("circular", "circular")


def picture(seed: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("border", "mode"), [("reflect", "mirror"), ("circular", "wrap")])
@pytest.mark.parametrize("size", [(12, 16), (9, 7)])
def test_reduce_is_smoothing_and_taking_every_other_pixel(
    border: str, mode: str, size: tuple[int, int]
) -> None:
    image = picture(0, *size)
    smooth = correlate1d(image[0].numpy(), SMOOTHING, axis=1, mode=mode)
    smooth = correlate1d(smooth, SMOOTHING, axis=2, mode=mode)
    found = reduce(image, (border, border))  # type: ignore[arg-type]
    np.testing.assert_allclose(found[0], smooth[:, ::2, ::2])


def test_octaves_of_pixels_are_the_pyramid() -> None:
    image = picture(1, 24, 32)
    features = Octaves(Pixels(), 3)
    assert features.layers == ("pixels@0", "pixels@1", "pixels@2")
    assert features.strides == {"pixels@0": 1, "pixels@1": 2, "pixels@2": 4}
    maps = features(image, ["pixels@2", "pixels@0"], WRAPPED)
    assert list(maps) == ["pixels@2", "pixels@0"]
    torch.testing.assert_close(maps["pixels@0"], image)
    torch.testing.assert_close(maps["pixels@2"], reduce(reduce(image, WRAPPED), WRAPPED))


def test_layers_are_those_of_the_inner_phi() -> None:
    network = RandomFilters(random_weights(0, (3, 5), 4)).double()
    inner = NetworkFeatures("random", network, network.layers)
    features = Octaves(inner, 2)
    assert features.default_layers == ("filters3@0", "filters5@0", "filters3@1", "filters5@1")
    assert features.channels("filters5@1") == 4
    image = picture(2, 16, 16)
    maps = features(image, features.layers, REFLECT)
    expected = inner(reduce(image, REFLECT), ["filters5"], REFLECT)["filters5"]
    torch.testing.assert_close(maps["filters5@1"], expected)


def test_a_wrapped_picture_may_be_rolled_by_the_coarsest_step() -> None:
    image = picture(3, 32, 16)
    features = Octaves(Pixels(), 3)
    one, other = (
        features(each, ["pixels@2"], WRAPPED)["pixels@2"]
        for each in (image, image.roll((8, 4), (2, 3)))
    )
    torch.testing.assert_close(one.roll((2, 1), (2, 3)), other)


def test_gradient_equals_finite_differences() -> None:
    features = Octaves(Pixels(), 2)
    variable = picture(4, 5, 6)[:, :1].requires_grad_()
    for border in (REFLECT, WRAPPED, ("zero", "circular")):
        assert torch.autograd.gradcheck(
            lambda image, border=border: features(image, ["pixels@1"], border)["pixels@1"],
            variable,
        )


def test_what_is_not_there() -> None:
    with pytest.raises(ParameterError, match="`octaves` = 0"):
        Octaves(Pixels(), 0)
    with pytest.raises(UnknownNameError, match="pixels@1"):
        Octaves(Pixels(), 1)(picture(5, 8, 8), ["pixels@1"], REFLECT)
