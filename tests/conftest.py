"""Fixtures shared by all tests: pretrained weights and real exemplars, when they are there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _devices() -> list[str]:
    from lichen.nn.device import devices

    return devices()


@pytest.fixture(scope="session")
def exemplars_dir() -> Path:
    """Give the folder of real exemplars, or skip."""
    folder = SHARED / "exemplars"
    if not folder.is_dir():
        pytest.skip("the real exemplars (../shared/exemplars) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with vgg19-caffe and squeezenet1_1-caffe safetensors, or skip."""
    given = os.environ.get("LICHEN_TEST_WEIGHTS")
    if given:
        return Path(given)
    unpack = SHARED / "weights" / "unpack.py"
    if not unpack.is_file():
        pytest.skip("the pretrained weights (../shared/weights) are not on this machine")
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("weights")
    subprocess.run([sys.executable, str(unpack), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(autouse=True)
def _no_ambient_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep tests away from the weights and the cache of whoever runs them."""
    monkeypatch.delenv("LICHEN_WEIGHTS", raising=False)
    monkeypatch.setenv("LICHEN_CACHE", str(tmp_path / "lichen-cache"))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Use one thread: these maps are small, and threads that wait for each other cost more."""
    import torch

    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_us() -> None:
    """Undo what a shell does to commands in its background: these and their children ignore it."""
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=_devices())
def device(request: pytest.FixtureRequest) -> str:
    """Return each device of this machine: the CPU always, and its GPUs."""
    return str(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
