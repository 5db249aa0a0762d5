"""Terms by name: checked, refused, built, and summed into an objective, on every device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lichen
from lichen.errors import ParameterError, UnknownNameError
from lichen.features.pixels import Pixels
from lichen.methods.learning.objective import SumOfTerms
from lichen.nn.device import devices
from lichen.solve.objective import Objective
from lichen.solve.terms import TermInputs, build_terms
from lichen.statistics.catalogue import TERMS, TermSpec, term_specs


def inputs(size: tuple[int, int] = (24, 20), device: str = "cpu") -> TermInputs:
    colours = torch.rand(3, 200, generator=torch.Generator().manual_seed(3))
    return TermInputs(
        features=Pixels(),
        layers={"pixels": 1.0},
        colours=colours.to(device),
        size=size,
        wrap=(False, False),
        generator=torch.Generator().manual_seed(4),
    )


def pictures(device: str = "cpu") -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(1, 3, 24, 20, generator=generator).to(device) for _ in range(2)]


def test_terms_keep_their_order_and_weights() -> None:
    weights = {"spectrum": 1.0, "gram": 0.25, "means": 0.0}
    specs = term_specs(weights)
    assert specs == [TermSpec(name, weight) for name, weight in weights.items()]
    method = SumOfTerms.configure(term=weights)
    assert [spec.name for spec in method.terms()] == ["spectrum", "gram"]


@pytest.mark.parametrize("weight", [-1.0, float("inf"), float("nan")])
def test_a_weight_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(ParameterError, match=r"the weight of gram is .*finite weight"):
        term_specs({"gram": weight})
    with pytest.raises(ParameterError, match=r"the weight of gram is .*finite weight"):
        lichen.method("gatys").configure(term={"gram": weight})


@pytest.mark.parametrize("term", [{"gram": "much"}, "gram:1", ["gram:1"]])
def test_what_is_no_mapping_to_numbers_is_refused(term: object) -> None:
    with pytest.raises(ParameterError, match="term"):
        lichen.method("gatys").configure(term=term)


def test_an_unknown_term_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean gram"):
        term_specs({"grm": 1.0})
    with pytest.raises(ParameterError, match="did you mean gram"):
        lichen.method("gatys").configure(term={"grm": 1.0})


@pytest.mark.parametrize("term", [{}, {"gram": 0.0}])
def test_an_objective_of_no_terms_is_refused(term: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="at least one term"):
        SumOfTerms.configure(term=term)


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("name", sorted(TERMS))
def test_every_term_is_zero_on_the_exemplar_and_positive_on_noise(name: str, device: str) -> None:
    example, noise = pictures(device)
    terms = build_terms(TermSpec(name, 1.0), inputs(device=device))
    objective = Objective(terms, example, border=("reflect",) * 2)
    assert float(objective(example)[0]) <= 1e-9
    assert float(objective(noise**3)[0]) > 1e-4


@pytest.mark.parametrize("device", devices()[1:])
def test_every_term_is_the_same_on_every_device(device: str) -> None:
    for name in TERMS:
        found = []
        for where in ("cpu", device):
            example, noise = pictures(where)
            terms = build_terms(TermSpec(name, 1.0), inputs(device=where))
            total, gradient, _ = Objective(terms, example).value_and_gradient(noise)
            found.append((total, gradient.cpu()))
        assert found[0][0] == pytest.approx(found[1][0], rel=1e-3), name
        torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-2, atol=1e-5, msg=name)


@pytest.mark.parametrize("name", sorted(TERMS))
def test_a_terms_weight_multiplies_its_loss(name: str) -> None:
    example, noise = pictures()
    losses = [
        float(Objective(build_terms(TermSpec(name, weight), inputs()), example)(noise)[0])
        for weight in (1.0, 0.25)
    ]
    assert losses[1] == pytest.approx(losses[0] / 4, rel=1e-5)


def test_the_terms_of_gatys_named_by_hand_make_the_same_picture() -> None:
    photo = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)
    how = {"network": "pixels", "iterations": 4, "size": (24, 40), "seed": 3}
    weights = {"gram": 1.0, "means": 1.0, "colour": 1.0, "spectrum": 0.02}
    named = lichen.synthesize(photo, method="objective", term=weights, **how)
    gatys = lichen.synthesize(photo, method="gatys", **how)
    assert np.array_equal(named.image, gatys.image)
    assert not np.array_equal(
        named.image, lichen.synthesize(photo, method="objective", **how).image
    )
