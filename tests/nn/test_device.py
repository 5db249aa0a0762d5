"""Devices by name, without one: what torch says of them is simulated."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from lichen.errors import DeviceError, OutOfMemoryError
from lichen.nn.device import check_device, devices, fitting_size, out_of_memory, resolve_device

GIB = 2**30


def machine(monkeypatch: pytest.MonkeyPatch, n_cuda: int = 0, mps: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n_cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_cuda)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("n_cuda", "mps", "expected"),
    [(0, False, "cpu"), (0, True, "mps"), (1, False, "cuda:0"), (2, True, "cuda:0")],
)
def test_auto_takes_cuda_then_mps_then_the_cpu(
    monkeypatch: pytest.MonkeyPatch, n_cuda: int, mps: bool, expected: str
) -> None:
    machine(monkeypatch, n_cuda, mps)
    assert resolve_device() == expected
    assert resolve_device("cpu") == "cpu"


def test_names_of_devices_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, 2, True)
    assert resolve_device("cuda") == "cuda:0"
    assert resolve_device("cuda:1") == "cuda:1"
    assert resolve_device("mps") == "mps"
    assert devices() == ["cpu", "cuda:0", "cuda:1", "mps"]


@pytest.mark.parametrize(
    ("name", "n_cuda", "problem"),
    [
        ("cuda", 0, "this torch sees no CUDA device; use `device` cpu"),
        ("cuda:1", 0, "sees no CUDA device"),
        ("cuda:2", 2, r"`device` is cuda:2, but this machine has 2 CUDA device\(s\)"),
        ("mps", 1, "no Apple GPU"),
        ("gpu", 1, "`device` is 'gpu'; use auto, cpu, cuda"),
        ("cuda:x", 1, "`device` is 'cuda:x'"),
        ("", 1, "`device` is ''"),
    ],
)
def test_a_device_that_is_not_there_is_one_line_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, n_cuda: int, problem: str
) -> None:
    machine(monkeypatch, n_cuda)
    for ask in (resolve_device, check_device):
        with pytest.raises(DeviceError, match=problem) as caught:
            ask(name)
        assert "\n" not in str(caught.value)
        assert caught.value.remedy


def test_the_cpu_needs_no_torch() -> None:
    code = (
        "import sys; from lichen.nn.device import check_device, out_of_memory, resolve_device;"
        "check_device(resolve_device('cpu'))\nwith out_of_memory('cpu', (64, 64)): pass\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_out_of_cuda_memory_says_what_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    # 6 GiB are in use and 3 more are asked for; 2 GiB are free and 0.25 lie idle in the pool.
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2 * GIB, 8 * GIB))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 6 * GIB)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 6.25 * GIB)
    with pytest.raises(OutOfMemoryError) as caught, out_of_memory("cuda:0", (1024, 2048)):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3.00 GiB. GPU 0 has")
    line = str(caught.value)
    assert "cuda:0 is out of memory at 1024x2048 pixels" in line
    assert "at least 9.0 GiB needed, 8.2 available" in line
    # sqrt(0.9 * 8.25 / 9) = 0.908 of either side, in steps of 16 pixels.
    assert "about 928x1856 or less, or device=cpu" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 99 bytes"),
        MemoryError("Unable to allocate 9 TiB"),
    ],
)
def test_where_memory_cannot_be_measured_half_the_area_is_proposed(error: Exception) -> None:
    half = pytest.raises(OutOfMemoryError, match="about 672x672 or less, or device=cpu")
    with half, out_of_memory("mps", (1024, 1024)):
        raise error
    unknown = pytest.raises(OutOfMemoryError, match=r"cpu is out of memory; use a smaller image$")
    with unknown, out_of_memory("cpu"):
        raise error


def test_a_real_allocation_that_cannot_succeed() -> None:
    with pytest.raises(OutOfMemoryError), out_of_memory("cpu", (64, 64)):
        torch.empty(2**60, dtype=torch.uint8)


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes") as caught, out_of_memory("cpu"):
        raise RuntimeError("shapes cannot be multiplied")
    assert not isinstance(caught.value, OutOfMemoryError)


def test_fitting_sizes_keep_proportions_and_area() -> None:
    for fraction in (0.9, 0.5, 0.1, 0.001):
        height, width = fitting_size((3000, 1000), fraction)
        assert height * width <= max(fraction * 3e6, 16 * 48)
        assert width >= 16
    assert fitting_size((320, 640), 7.0) == (320, 640)
