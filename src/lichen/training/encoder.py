"""Train the embedded encoder: tell from a crop which of many pictures it was cut from.

Nothing is distilled and no data set is needed: the pictures are those of
:mod:`lichen.training.data.pictures`. The statistics of every block, and not of the last one alone,
must tell the pictures apart, since the statistics of every block are what synthesis matches.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from lichen.networks.encoder import MEAN, STD, EncoderNetwork, folded
from lichen.nn.precision import multiplies_bfloat16
from lichen.training.data.crops import Crops
from lichen.training.data.pictures import training_pictures
from lichen.training.loop import (
    Report,
    TrainingProgress,
    TrainingState,
    input_metadata,
    write_weights,
)
from lichen.training.recipe import EncoderRecipe


def train_encoder(
    recipe: EncoderRecipe,
    output: Path,
    *,
    checkpoint: Path | None = None,
    checkpoint_every: int = 100,
    report: Report = lambda progress: None,
) -> Path:
    """Train, and write the weights as float16 safetensors with batch norm folded in.

    Parameters
    ----------
    recipe
        What to train.
    output
        The weights' file, written whole or not at all.
    checkpoint
        File to keep the state in every ``checkpoint_every`` steps and on Ctrl-C; if it exists,
        training goes on from it. Deleted at the end.
    report
        Called after every step.
    """
    torch.manual_seed(recipe.seed)
    pictures = training_pictures(
        recipe.pictures, recipe.seed, lambda n, of: report(TrainingProgress("pictures", n, of))
    )
    crops = Crops(pictures, recipe.crop, np.random.default_rng(recipe.seed))
    network = EncoderNetwork(recipe.widths, len(pictures))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    state = TrainingState(recipe, network, optimizer, rng=crops.rng)
    start = 0
    if checkpoint is not None and checkpoint.is_file():
        start = state.restore(checkpoint)

    def step(number: int) -> TrainingProgress:
        loss, accuracy = _step(network, optimizer, *crops.batch(recipe.batch))
        return TrainingProgress("training", number + 1, recipe.steps, loss, accuracy)

    state.run(
        range(start, recipe.steps),
        step,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        report=report,
    )
    export(network, recipe, output)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return output


def block_weights(n: int) -> list[float]:
    """Weights of the blocks' losses: deeper ones, which can do more, count more."""
    return [0.3 + 0.7 * block / max(n - 1, 1) for block in range(n)]


def _step(
    network: EncoderNetwork, optimizer: torch.optim.Optimizer, images: Tensor, labels: Tensor
) -> tuple[float, float]:
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):
        scores = network(images)
    losses = [F.cross_entropy(score.float(), labels, label_smoothing=0.05) for score in scores]
    weights = block_weights(len(losses))
    loss = torch.stack([w * one for w, one in zip(weights, losses, strict=True)]).sum()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    accuracy = (scores[-1].argmax(1) == labels).float().mean()
    return float(loss.detach()), float(accuracy)


def export(network: EncoderNetwork, recipe: EncoderRecipe, output: Path) -> None:
    """Write the folded weights as float16 with what is needed to use them."""
    metadata = {"architecture": "lichen-encoder", **input_metadata(recipe, MEAN, STD)}
    write_weights(output, folded(network), metadata)
