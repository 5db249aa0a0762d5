"""Terms by name: read, refused, built, and summed into an objective."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lichen
from lichen.errors import ParameterError, UnknownNameError
from lichen.features.pixels import Pixels
from lichen.solve.objective import Objective
from lichen.solve.terms.setting import Setting, build
from lichen.statistics.catalogue import TERMS, Asked, read_term


def setting(size: tuple[int, int] = (24, 20), wrap: bool = False) -> Setting:
    return Setting(
        features=Pixels(),
        layers={"pixels": 1.0},
        colours=torch.rand(3, 200, generator=torch.Generator().manual_seed(3)),
        size=size,
        wrap=(wrap, wrap),
        relative=True,
        generator=torch.Generator().manual_seed(4),
    )


def test_a_term_is_read_with_its_weight() -> None:
    assert read_term("gram:0.25") == Asked("gram", 0.25)
    assert read_term("spectrum") == Asked("spectrum", 1.0)


@pytest.mark.parametrize("text", ["gram:much", "gram:-1", "gram:inf", "gram:nan"])
def test_a_weight_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match=r"write it as in gram:0\.5"):
        read_term(text)


def test_an_unknown_term_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean gram"):
        read_term("grm:1")


@pytest.mark.parametrize("name", sorted(TERMS))
def test_every_term_is_zero_on_the_exemplar_and_positive_on_noise(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    example, noise = (torch.rand(1, 3, 24, 20, generator=generator) for _ in range(2))
    objective = Objective(build(Asked(name, 1.0), setting()), example, border=("reflect",) * 2)
    assert float(objective(example)[0]) <= 1e-9
    assert float(objective(noise**3)[0]) > 1e-4


@pytest.mark.parametrize("name", sorted(TERMS))
def test_a_terms_weight_multiplies_its_loss(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    example, noise = (torch.rand(1, 3, 24, 20, generator=generator) for _ in range(2))
    losses = [
        float(Objective(build(Asked(name, weight), setting()), example)(noise)[0])
        for weight in (1.0, 0.25)
    ]
    assert losses[1] == pytest.approx(losses[0] / 4, rel=1e-5)


def test_the_terms_of_gatys_named_by_hand_make_the_same_picture() -> None:
    photo = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)
    how = {"network": "pixels", "iterations": 4, "size": (24, 40), "seed": 3}
    weights = {"gram": 1.0, "means": 1.0, "colour": 1.0, "spectrum": 0.02}
    named = lichen.synthesize(
        photo,
        method="objective",
        term=[f"{name}:{weight}" for name, weight in weights.items()],
        **how,
    )
    gatys = lichen.synthesize(photo, method="gatys", **how)
    assert np.array_equal(named.image, gatys.image)
    assert not np.array_equal(
        named.image, lichen.synthesize(photo, method="objective", **how).image
    )
