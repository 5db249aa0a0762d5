"""The weighted sum: its gradient down to the pixels, and what masks and grey pictures do."""

from __future__ import annotations

import pytest
import torch

from lichen.errors import ImageError
from lichen.features.pixels import Pixels
from lichen.networks.conv_stack import ConvStack
from lichen.nn.border import Border
from lichen.solve.objective import Objective, Term
from lichen.statistics.gram import Gram, PrincipalGram
from lichen.statistics.histogram import Histogram
from lichen.statistics.means import Means
from lichen.statistics.spectrum import Spectrum
from lichen.statistics.statistic import Statistic
from lichen.weights.catalogue import InputNormalization

LAYERS = {"relu1_1": 0.25, "pool1": 0.25, "relu2_1": 0.5}


def network() -> ConvStack:
    generator = torch.Generator().manual_seed(0)

    def weight(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weights = {
        "conv1_1.weight": weight(4, 3, 3, 3),
        "conv1_1.bias": weight(4),
        "conv2_1.weight": weight(5, 4, 3, 3),
        "conv2_1.bias": weight(5),
    }
    norm = InputNormalization("BGR", 2.0, (0.4, 0.5, 0.6), (0.9, 1.0, 1.1))
    return ConvStack(weights, norm).double()


def picture(seed: int, height: int = 8, width: int = 7, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, channels, height, width), generator=generator, dtype=torch.float64)


BORDERS: list[Border] = [
    ("zero", "zero"),
    ("circular", "circular"),
    ("reflect", "replicate"),
    ("circular", "reflect"),
]


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("statistic", [Gram(), PrincipalGram(3), Means(), Histogram(50)])
def test_gradient_of_the_whole_chain_equals_finite_differences(
    border: Border, statistic: Statistic
) -> None:
    terms = [
        Term("network", network(), statistic, LAYERS),
        Term("colour", Pixels().double(), Histogram(40), {"pixels": 0.3}),
        Term("spectrum", Pixels().double(), Spectrum((8, 7)), {"pixels": 0.7}),
    ]
    objective = Objective(terms, picture(1), border=border)
    variable = picture(2)
    _, gradient, _ = objective.value_and_gradient(variable)
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):
        direction = torch.randn(variable.shape, generator=generator, dtype=torch.float64)
        step = 1e-6
        ahead, _, _ = objective.value_and_gradient(variable + step * direction)
        behind, _, _ = objective.value_and_gradient(variable - step * direction)
        slope = (ahead - behind) / (2 * step)
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_value_is_the_sum_of_its_parts() -> None:
    terms = [
        Term("gram", network(), Gram(), LAYERS),
        Term("means", network(), Means(), LAYERS, relative=False),
    ]
    total, _, parts = Objective(terms, picture(4)).value_and_gradient(picture(5))
    assert total == pytest.approx(sum(parts.values()))
    assert set(parts) == {"gram", "means"}


def test_the_exemplar_itself_has_no_loss() -> None:
    stack = network()
    terms = [Term("gram", stack, Gram(), LAYERS), Term("means", stack, Means(), LAYERS)]
    total, gradient, _ = Objective(terms, picture(6)).value_and_gradient(picture(6))
    assert total < 1e-20
    assert float(gradient.abs().max()) < 1e-9


def test_a_wrapped_picture_may_be_rolled_by_the_stride() -> None:
    terms = [Term("gram", network(), Gram(), LAYERS)]
    wrapped: Border = ("circular", "circular")
    objective = Objective(terms, picture(7, 8, 8), None, wrapped, wrapped)
    image = picture(8, 12, 16)
    rolled = torch.roll(image, (2, 6), (2, 3))
    assert objective.value_and_gradient(image)[0] == pytest.approx(
        objective.value_and_gradient(rolled)[0]
    )


def test_relative_losses_do_not_depend_on_the_features_scale() -> None:
    stack = network()
    losses = []
    for factor in (1.0, 100.0):
        scaled = {
            f"conv1_1.{part}": factor * getattr(stack, f"conv1_1_{part}")
            for part in ("weight", "bias")
        }
        bigger = ConvStack(scaled, stack.normalization).double()
        terms = [Term("gram", bigger, Gram(), {"relu1_1": 1.0})]
        losses.append(Objective(terms, picture(9)).value_and_gradient(picture(10))[0])
    assert losses[0] == pytest.approx(losses[1])


def test_what_is_masked_has_no_influence() -> None:
    mask = torch.ones(1, 1, 16, 16, dtype=torch.float64)
    mask[..., :6] = 0
    one, other = picture(11, 16, 16), picture(11, 16, 16)
    other[..., :6] = 1
    values = []
    for exemplar in (one, other):
        terms = [
            Term("gram", network(), Gram(), {"relu1_1": 1.0}),
            Term("colour", Pixels().double(), Histogram(64), {"pixels": 1.0}),
        ]
        values.append(Objective(terms, exemplar, mask).value_and_gradient(picture(12))[0])
    assert values[0] == pytest.approx(values[1])


def test_a_mask_of_nothing_is_an_error() -> None:
    with pytest.raises(ImageError, match="usable"):
        Objective(
            [Term("gram", network(), Gram(), LAYERS)],
            picture(13),
            torch.zeros(1, 1, 8, 7, dtype=torch.float64),
        )


def test_a_grey_picture_is_shown_as_three_equal_channels() -> None:
    grey, image = picture(14, channels=1), picture(15, channels=1)
    one = Objective([Term("gram", network(), Gram(), LAYERS)], grey)
    three = Objective([Term("gram", network(), Gram(), LAYERS)], grey.expand(-1, 3, -1, -1))
    value, gradient, _ = one.value_and_gradient(image)
    value3, gradient3, _ = three.value_and_gradient(image.expand(-1, 3, -1, -1))
    assert value == pytest.approx(value3)
    torch.testing.assert_close(gradient, gradient3.sum(1, keepdim=True))
