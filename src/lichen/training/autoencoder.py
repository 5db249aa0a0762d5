"""Train an autoencoder on a folder of photographs: give back a patch from a smaller code.

What the code keeps is what photographs of this kind need, so its channels can serve as features
of textures (``--network autoencoder --weights FILE``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader

from lichen.errors import LichenError
from lichen.networks.autoencoder import MEAN, STD, Autoencoder
from lichen.nn.precision import multiplies_bfloat16
from lichen.training.data.photographs import Patches, Photograph, central_patch, read_photographs
from lichen.training.loop import (
    Report,
    TrainingProgress,
    TrainingState,
    input_metadata,
    write_weights,
)
from lichen.training.recipe import AutoencoderRecipe

JUDGED = 16
"""Most photographs held out that are judged by, so that judging takes little of the time."""


@dataclass(frozen=True)
class TrainedAutoencoder:
    """What a training came to.

    Attributes
    ----------
    output
        The file of weights.
    held_out, mean_colour
        Loss on photographs never trained on, and of their patches' mean colours in their place.
    trained_on, left_out
        Number of photographs, and why others were not used.
    """

    output: Path
    held_out: float
    mean_colour: float
    trained_on: int
    left_out: tuple[str, ...]


def train_autoencoder(
    folder: Path,
    recipe: AutoencoderRecipe,
    output: Path,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    checkpoint_every: int = 100,
    workers: int = 0,
    report: Report = lambda progress: None,
) -> TrainedAutoencoder:
    """Train, and write the weights of encoder and decoder as float16 safetensors.

    Same folder, recipe and number of threads, same weights, whether it was interrupted or not.

    Parameters
    ----------
    folder
        Photographs of any size, in subfolders too; patches are cut out at random.
    recipe
        What to train.
    output
        The weights' file, written whole or not at all.
    checkpoint
        File to keep the state in every ``checkpoint_every`` steps, when the held-out loss is
        measured too, and on Ctrl-C. Deleted at the end.
    resume
        Whether to go on from the checkpoint; without it an existing one is an error.
    workers
        Processes that read patches; 0 reads between the steps, which suffices unless there are
        more photographs than memory keeps.
    report
        Called after every photograph read and every step.

    Raises
    ------
    LichenError
        If the folder holds no two photographs of the patch's size; if there is no checkpoint to
        go on from, one in the way, or one of another recipe or folder.
    KeyboardInterrupt
        On Ctrl-C, when the state is kept.
    """
    _check(checkpoint, resume)
    photographs = read_photographs(
        folder, recipe.patch, lambda n, of: report(TrainingProgress("reading", n, of))
    )
    trained, judges = photographs.split(recipe.held_out, recipe.seed)
    judged = torch.stack([central_patch(photo, recipe.patch) for photo in judges[:JUDGED]])
    torch.manual_seed(recipe.seed)
    network = Autoencoder(recipe.widths)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(network.parameters(), recipe.learning_rate)
    state = TrainingState(recipe, network, optimizer, photographs.sha256)
    start = state.restore(checkpoint) if resume and checkpoint is not None else 0
    batches = iter(_loader(trained, recipe, start, workers))

    def step(number: int) -> TrainingProgress:
        loss = reconstruction_loss(network, next(batches).float() / 255, recipe.gradient_weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        due = (number + 1) % checkpoint_every == 0
        held_out = judge(network, judged, recipe.gradient_weight) if due else None
        return TrainingProgress(
            "training", number + 1, recipe.steps, float(loss.detach()), held_out=held_out
        )

    state.run(
        range(start, recipe.steps),
        step,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        report=report,
    )
    export(network, recipe, photographs.sha256, output)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return TrainedAutoencoder(
        output,
        judge(network, judged, recipe.gradient_weight),
        mean_colour_loss(judged, recipe.gradient_weight),
        len(trained),
        photographs.left_out,
    )


def reconstruction_loss(network: Autoencoder, image: Tensor, gradient_weight: float) -> Tensor:
    """Mean absolute error of what comes back of (B, 3, H, W) in [0, 1], and of its differences."""
    image = image.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):
        again = network(image)
    return error(again.float(), image, gradient_weight)


def error(made: Tensor, wanted: Tensor, gradient_weight: float) -> Tensor:
    """L1 of the values and, weighted, of the differences of neighbours: edges count twice."""
    loss = F.l1_loss(made, wanted)
    if gradient_weight > 0:
        across = F.l1_loss(made.diff(dim=3), wanted.diff(dim=3))
        down = F.l1_loss(made.diff(dim=2), wanted.diff(dim=2))
        loss = loss + gradient_weight * (across + down) / 2
    return loss


@torch.no_grad()
def judge(network: Autoencoder, patches: Tensor, gradient_weight: float) -> float:
    """Mean loss over uint8 patches (N, 3, side, side), one at a time."""
    losses = [
        reconstruction_loss(network, patch[None].float() / 255, gradient_weight)
        for patch in patches
    ]
    return float(torch.stack(losses).mean())


def mean_colour_loss(patches: Tensor, gradient_weight: float) -> float:
    """Loss of a network that gives each uint8 patch (N, 3, side, side) its mean colour."""
    images = patches.float() / 255
    flat = images.mean(dim=(2, 3), keepdim=True).expand_as(images)
    return float(error(flat, images, gradient_weight))


def export(network: Autoencoder, recipe: AutoencoderRecipe, data: str, output: Path) -> None:
    """Write the encoder under a ConvStack's names, and the decoder under ``decoder.``."""
    metadata = {
        "architecture": "lichen-autoencoder",
        "photographs": f"sha256:{data}",
        "licence": "that of the photographs, which is not known here",
        **input_metadata(recipe, MEAN, STD),
    }
    write_weights(output, network.tensors(), metadata)


def _check(checkpoint: Path | None, resume: bool) -> None:
    present = checkpoint is not None and checkpoint.is_file()
    if resume and not present:
        raise LichenError(f"there is no checkpoint {checkpoint}", "begin without --resume")
    if present and not resume:
        raise LichenError(
            f"{checkpoint} is of a training that was interrupted",
            "go on with it by --resume, or delete it",
        )


def _loader(
    photographs: Sequence[Photograph], recipe: AutoencoderRecipe, start: int, workers: int
) -> DataLoader[Tensor]:
    """Batches from step ``start`` on."""
    return DataLoader(
        Patches(photographs, recipe.patch, recipe.seed),
        recipe.batch,
        sampler=range(start * recipe.batch, recipe.steps * recipe.batch),
        num_workers=workers,
    )
