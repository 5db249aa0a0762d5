"""The distance of statistics: zero on the exemplar, gradients, weights and errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lichen.errors import ParameterError, UnknownNameError
from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss


def picture(height: int, width: int, n_channels: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).random((height, width, n_channels))
    edges = values + np.roll(values, 1, 0) + np.roll(values, 1, 1) > 1.7
    return 0.5 * edges + 0.3 * values**2 + 0.1 * values.mean(2, keepdims=True)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_loss_is_zero_where_the_statistics_are_equal(n_channels: int) -> None:
    pixels = picture(64, 64, n_channels)
    loss = PortillaSimoncelliLoss(tensor(pixels))
    assert loss.n_scales == 3
    assert float(loss(tensor(pixels))[0]) == 0
    for same in (np.roll(pixels, (8, -24), (0, 1)), np.tile(pixels, (2, 3, 1))):
        assert float(loss(tensor(same))[0]) < 1e-16
    other, parts = loss(tensor(picture(64, 96, n_channels, seed=1) ** 2))
    assert float(other) > 1e-3
    assert float(other) == pytest.approx(sum(float(part) for part in parts.values()))


@pytest.mark.parametrize("n_channels", [1, 3])
def test_gradients_of_the_loss_equal_finite_differences(n_channels: int) -> None:
    exemplar, start = (
        tensor(picture(*size, n_channels, seed)) for size, seed in (((16, 15), 0), ((14, 12), 1))
    )
    loss = PortillaSimoncelliLoss(exemplar, n_scales=2, n_orientations=2, n_neighbours=3)
    start = 1.5 * start  # some of it out of range
    assert float(loss(start)[1]["range"]) > 0
    start.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x)[0], start, fast_mode=True)


def test_planes_have_the_loss_of_their_picture() -> None:
    exemplar, other = tensor(picture(32, 32, 3)), tensor(picture(32, 40, 3, seed=1) ** 2)
    loss = PortillaSimoncelliLoss(exemplar)
    torch.testing.assert_close(loss.of_planes(loss.axes.planes(other[0]))[0], loss(other)[0])


def test_each_group_counts_by_its_weight() -> None:
    exemplar, other = tensor(picture(32, 32, 1)), tensor(picture(32, 32, 1, seed=1) ** 2)
    plain = PortillaSimoncelliLoss(exemplar)(other)[1]
    weighted = PortillaSimoncelliLoss(exemplar, weights={"phase": 5, "marginals": 0})(other)[1]
    torch.testing.assert_close(weighted["phase"], 5 * plain["phase"])
    torch.testing.assert_close(weighted["magnitudes"], plain["magnitudes"])
    assert float(weighted["marginals"]) == 0
    errors = PortillaSimoncelliLoss(exemplar).errors(other)
    assert errors["phase"] == pytest.approx(float(plain["phase"]) ** 0.5)


def test_contrast_and_a_turn_of_the_colours_do_not_matter() -> None:
    exemplar, other = tensor(picture(32, 32, 3)), tensor(picture(32, 32, 3, seed=1) ** 2)
    expected = PortillaSimoncelliLoss(exemplar)(other)[0]
    turn = torch.linalg.qr(torch.rand(3, 3, dtype=torch.float64))[0]

    def turned(image: torch.Tensor) -> torch.Tensor:
        return 20 * torch.einsum("ij,bjhw->bihw", turn, image) + 7

    found = PortillaSimoncelliLoss(turned(exemplar))(turned(other))[0]
    torch.testing.assert_close(found, expected)


def test_a_canvas_too_small_for_the_scales_takes_fewer() -> None:
    exemplar = tensor(picture(128, 128, 1))
    loss = PortillaSimoncelliLoss(exemplar, size=(40, 128))
    assert loss.n_scales == 2
    assert np.isfinite(float(loss(tensor(picture(40, 128, 1)))[0]))
    with pytest.raises(ParameterError, match="too few for 1 scales"):
        PortillaSimoncelliLoss(exemplar, size=(6, 6))


def test_errors_of_the_loss() -> None:
    exemplar = tensor(picture(32, 32, 1))
    with pytest.raises(UnknownNameError, match="fase"):
        PortillaSimoncelliLoss(exemplar, weights={"fase": 1})
    with pytest.raises(ParameterError, match="-1"):
        PortillaSimoncelliLoss(exemplar, weights={"phase": -1})


@pytest.mark.parametrize("flat", [True, False])
def test_flat_pictures_have_finite_losses_and_gradients(flat: bool) -> None:
    constant = np.full((32, 32, 3), 0.4, np.float32)
    textured = picture(32, 32, 3).astype(np.float32)
    exemplar, image = (constant, textured) if flat else (textured, constant)
    start = tensor(image).requires_grad_()
    total, _ = PortillaSimoncelliLoss(tensor(exemplar))(start)
    (gradient,) = torch.autograd.grad(total, start)
    assert bool(total.isfinite())
    assert bool(gradient.isfinite().all())
