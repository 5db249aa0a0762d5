"""Lichen beside plain PyTorch on every device of this machine.

    python benchmarks/devices.py [--weights FILE_OR_FOLDER] [--limit 15]

For each device: one loss and gradient of Gatys' method with VGG-19, and whole images of 256 px by
gatys, portilla_simoncelli and sliced_wasserstein with their defaults. The peers are what one would
write down: benchmarks/plain_gatys.py and benchmarks/plain_sliced_wasserstein.py, in float32, and
plenoptic's Portilla-Simoncelli statistics under Adam. A peer gets ``--limit`` seconds; what it has
not done by then is extrapolated and marked ~. The iterations of a peer are those of its paper or
tutorial, not those after which its loss is Lichen's: for that see benchmarks/gatys.py.

Without the weights of VGG-19 (``--weights``, ``$LICHEN_WEIGHTS``) its rows are left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage
import torch
from torch import Tensor

import lichen
from lichen.errors import LichenError, WeightsError
from lichen.features.extractor import NetworkFeatures
from lichen.features.load import load_features
from lichen.networks.vgg import VGG19
from lichen.nn.device import devices
from lichen.nn.tensor import to_tensor
from lichen.solve.objective import Objective, Term
from lichen.statistics.gram import Gram
from lichen.weights.lookup import find_weights
from machine import describe_device, describe_machine, timed
from plain_gatys import LAYERS, PlainLoss, PlainVGG, plain_synthesis
from plain_sliced_wasserstein import STEPS, PlainLevel, sizes

SIDE = 256
GATYS_ITERATIONS = 500
PORTILLA_ITERATIONS = 500
"""Of Adam: plenoptic's examples take 500 to 3000."""


def exemplar() -> np.ndarray:
    """A square of a photograph of scikit-image, (256, 256, 3)."""
    path = Path(skimage.__file__).parent / "data" / "coffee.png"
    pixels: np.ndarray = lichen.read_image(path).pixels[100 : 100 + SIDE, 150 : 150 + SIDE]
    return np.ascontiguousarray(pixels)


def waiter(device: str) -> Callable[[], object]:
    """Return what waits until a device has done its work."""
    if device.startswith("cuda"):
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if device == "mps" else lambda: None


def row(name: str, plain: str, ours: str, ratio: float | None = None) -> None:
    factor = "" if ratio is None else f"{ratio:6.2f}x"
    print(f"  {name:<38} {plain:>16} {ours:>16} {factor}", flush=True)


def extrapolated(
    step: Callable[[], object], n: int, limit: float, device: str
) -> tuple[float, bool]:
    """Seconds of n calls, and whether they were cut short at ``limit`` seconds."""
    wait = waiter(device)
    step()
    wait()
    started, done = time.perf_counter(), 0
    while done < n and time.perf_counter() - started < limit:
        step()
        wait()
        done += 1
    return (time.perf_counter() - started) * n / done, done < n


def gatys_steps(device: str, weights: Path | None) -> None:
    """Milliseconds per loss and gradient."""
    features = load_features("vgg19", weights=weights, device=device)
    layers = dict.fromkeys(LAYERS, 1 / len(LAYERS))
    for side in (256, 512):
        noise = torch.Generator().manual_seed(0)
        example, image = (torch.rand((1, 3, side, side), generator=noise) for _ in range(2))
        example, image = example.to(device), image.to(device)
        plain = PlainLoss(plain_vgg(device, weights), example)
        ours = Objective(
            [Term("gram", features, Gram(), layers)], example, None, ("zero",) * 2, ("zero",) * 2
        )

        def gradient(loss: PlainLoss = plain, at: Tensor = image) -> None:
            variable = at.clone().requires_grad_()
            loss(variable).backward()

        cells = [
            timed(gradient, 3, waiter(device)),
            timed(lambda o=ours, at=image: o.value_and_gradient(at), 3, waiter(device)),
        ]
        texts = [f"{median:8.1f} ±{half:.1f} ms" for median, half in cells]
        row(f"Gatys, loss and gradient, {side} px", *texts, cells[0][0] / cells[1][0])


def plain_vgg(device: str, weights: Path | None) -> PlainVGG:
    features = load_features("vgg19", weights=weights, precision="float32")
    assert isinstance(features, NetworkFeatures)
    assert isinstance(features.inner, VGG19)
    return PlainVGG(features.inner).to(device)


def plain_gatys(device: str, weights: Path | None, limit: float) -> tuple[float, bool]:
    """Seconds of plain L-BFGS from noise."""
    loss = PlainLoss(plain_vgg(device, weights), to_tensor(exemplar(), device))
    start = torch.rand((1, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(1)).to(device)
    warm = plain_synthesis(loss, start, 3)
    pace = (warm[-1][0] - warm[0][0]) / (len(warm) - 1)
    iterations = min(GATYS_ITERATIONS, max(5, int(limit / pace)))
    taken = plain_synthesis(loss, start, iterations)[-1][0]
    return taken * GATYS_ITERATIONS / iterations, iterations < GATYS_ITERATIONS


def plain_portilla_simoncelli(device: str, limit: float) -> tuple[float, bool] | None:
    """Seconds of Adam on plenoptic's statistics of the luminance; None without plenoptic."""
    try:
        from plenoptic.models import PortillaSimoncelli
    except ImportError:
        return None
    grey = to_tensor(exemplar(), device).mean(1, keepdim=True)
    model = PortillaSimoncelli((SIDE, SIDE)).to(device)
    wanted = model(grey)
    image = torch.rand_like(grey).requires_grad_()
    optimizer = torch.optim.Adam([image], 0.01)

    def step() -> None:
        optimizer.zero_grad()
        (model(image) - wanted).square().sum().backward()
        optimizer.step()

    return extrapolated(step, PORTILLA_ITERATIONS, limit, device)


def plain_sliced_wasserstein(device: str, limit: float) -> tuple[float, bool]:
    """Seconds of all levels; each gets a part of the limit by its pixels."""
    torch.manual_seed(0)
    example, image = to_tensor(exemplar(), device), None
    sides = sizes(SIDE)
    pixels = sum(side**2 for side in sides)
    total, cut = 0.0, False
    for side in sides:
        level = PlainLevel(example, image, side)
        taken, shortened = extrapolated(level, STEPS, limit * side**2 / pixels, device)
        total, cut, image = total + taken, cut or shortened, level.image
    return total, cut


def whole_image(method: str, device: str, **parameters: object) -> float:
    """Seconds of Lichen for one image, networks loaded and kernels compiled before."""
    pixels = exemplar()
    lichen.synthesize(pixels[:64, :64], method=method, device=device, **parameters)
    started = time.perf_counter()
    lichen.synthesize(pixels, method=method, device=device, seed=0, **parameters)
    return time.perf_counter() - started


def compare(
    name: str,
    device: str,
    method: str,
    plain: Callable[[], tuple[float, bool] | None] | None,
    **parameters: object,
) -> None:
    """Print one row; what does not run on a device says why."""
    peer = None if plain is None else plain()
    text = "" if peer is None else f"{'~' if peer[1] else ''}{peer[0]:.1f} s"
    try:
        seconds = whole_image(method, device, **parameters)
    except LichenError as error:
        row(name, text, "-")
        print(f"    {error}")
        return
    row(name, text, f"{seconds:.1f} s", None if peer is None else peer[0] / seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--weights", type=Path, help="VGG-19: a file, or a folder that holds it")
    parser.add_argument("--limit", type=float, default=15, help="seconds of each peer")
    options = parser.parse_args()
    limit = options.limit
    print(describe_machine())
    try:
        weights = find_weights("vgg19", options.weights, download=False).path
    except WeightsError as error:
        weights = None
        print(f"rows of VGG-19 are left out: {error}")
    found = devices()
    if found == ["cpu"]:
        print("no GPU on this machine")
    for device in found:
        print(f"\n{describe_device(device)}\n  {'':<38} {'plain':>16} {'lichen':>16}")
        if weights is not None:
            gatys_steps(device, weights)
            compare(
                f"Gatys, VGG-19, {SIDE} px", device, "gatys",
                lambda d=device: plain_gatys(d, weights, limit), network="vgg19", weights=weights,
            )  # fmt: skip
        compare(f"Gatys, embedded encoder, {SIDE} px", device, "gatys", None)
        compare(
            f"Portilla-Simoncelli, {SIDE} px", device, "portilla_simoncelli",
            lambda d=device: plain_portilla_simoncelli(d, limit),
        )  # fmt: skip
        compare(
            f"sliced Wasserstein, {SIDE} px", device, "sliced_wasserstein",
            lambda d=device: plain_sliced_wasserstein(d, limit),
        )  # fmt: skip


if __name__ == "__main__":
    main()
