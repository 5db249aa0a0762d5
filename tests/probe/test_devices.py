"""Every probe on every device of the machine: the same numbers as on the CPU, but for rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lichen.arrays import Array
from lichen.errors import DeviceError
from lichen.probe import (
    activations,
    classic,
    fingerprints,
    maximize_channels,
    principal_direction,
    reconstruct,
    watch_fingerprints,
)
from lichen.probe.inputs import load_network

PROBES: dict[str, Callable[[Array, Any], Any]] = {
    "activations": lambda cat, given: activations(cat, ["relu2_1"], **given)["relu2_1"],
    "fingerprints": lambda cat, given: fingerprints(cat, ["relu2_1"], **given)["relu2_1"],
    "principal direction": lambda cat, given: principal_direction(cat, "relu2_1", **given),
    "filters": lambda cat, given: (
        maximize_channels("relu1_1", [0, 4], size=16, iterations=2, **given).activation
    ),
    "reconstruction": lambda cat, given: (
        reconstruct(cat, ["relu1_1"], iterations=2, **given).images
    ),
    "snapshots": lambda cat, given: (
        list(watch_fingerprints(cat, ["relu1_1"], iterations=2, **given))[1].image
    ),
    "classic": lambda cat, given: (
        classic("single", cat, iterations=1, precision="float32", **given).panels[-1].image
    ),
}


@pytest.mark.usefixtures("quick_rescaling")
@pytest.mark.parametrize("name", PROBES)
def test_numbers_do_not_depend_on_the_device(name: str, device: str, cat: Array) -> None:
    expected, found = (PROBES[name](cat[:32, :32], {"device": where}) for where in ("cpu", device))
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.usefixtures("quick_rescaling")
def test_a_network_is_on_its_device_and_a_loaded_one_stays_there(device: str) -> None:
    features, where = load_network("encoder", device)
    assert where == device
    assert {str(tensor.device) for tensor in features.buffers()} == {device}
    assert load_network(features, "cpu") == (features, device)
    assert load_network("pixels", device)[1] == device


def test_an_absent_device_is_an_error(cat: Array) -> None:
    for probe in PROBES.values():
        with pytest.raises(DeviceError, match="cuda:99"):
            probe(cat, {"device": "cuda:99"})
