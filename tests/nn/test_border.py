"""Padding in four modes is NumPy's; the fast path is the slow one, gradient included."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lichen.nn.border import BorderMode, pad, pad_by_one, zero_as_replicate

MODES: dict[BorderMode, str] = {
    "zero": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


@pytest.mark.parametrize("rows", MODES)
@pytest.mark.parametrize("columns", MODES)
def test_each_axis_is_padded_as_numpy_does(rows: BorderMode, columns: BorderMode) -> None:
    maps = torch.rand(2, 3, 5, 4, dtype=torch.float64)
    for before, after in ((1, 2), (0, 1), (9, 7)):  # the last: more than there is, repeatedly
        found = pad(maps, (before, after), (after, before), (rows, columns))
        widths = (0, 0), (0, 0)
        expected = np.pad(maps.numpy(), (*widths, (before, after), (0, 0)), MODES[rows])  # type: ignore[call-overload]
        expected = np.pad(expected, (*widths, (0, 0), (after, before)), MODES[columns])  # type: ignore[call-overload]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("border", [("reflect", "circular"), ("replicate", "reflect")])
@pytest.mark.parametrize("size", [(6, 5), (2, 3), (1, 4)])
def test_padding_by_one_is_padding(border: tuple[BorderMode, BorderMode], size: tuple) -> None:
    maps = torch.rand(1, 2, *size, dtype=torch.float64, requires_grad=True)
    slow, fast = pad(maps, (1, 1), (1, 1), border), pad_by_one(maps, border)
    assert torch.equal(slow, fast)
    upstream = torch.rand_like(slow)
    expected, found = (torch.autograd.grad(x, maps, upstream)[0] for x in (slow, fast))
    torch.testing.assert_close(found, expected)


def test_only_zero_is_replaced() -> None:
    assert zero_as_replicate(("zero", "circular")) == ("replicate", "circular")
    assert zero_as_replicate(("reflect", "zero")) == ("reflect", "replicate")
