"""The training of the embedded encoder: tell from a crop which of many pictures it was cut from.

Nothing is distilled and no data set is needed: the pictures are those of
:mod:`lichen.training.data.encoder_pictures`. The statistics of every block, and not of the last
one alone, must tell the pictures apart, since synthesis matches the statistics of every block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from lichen.training.parameters import LearningRate, Steps, Widths
from lichen.training.step import TrainStep
from lichen.training.trainable import DataKind, Source, Trainable, TrainContext

if TYPE_CHECKING:  # torch is imported when a training begins, not to list its parameters
    from torch import Tensor

    from lichen.model import Model, ModelRecord
    from lichen.networks.encoder import EncoderNetwork

LABEL_SMOOTHING = 0.05


class EncoderTraining(Trainable):
    """The encoder of texture features; the defaults are the recipe of the one that is shipped.

    It makes no pictures: use the file by ``network=encoder`` and ``weights=FILE``.
    """

    name: ClassVar[str] = "encoder"
    trains_on: ClassVar[DataKind] = "nothing"
    stored_as: ClassVar[Literal["float16", "float32"]] = "float16"

    pictures: Annotated[int, Field(ge=2, le=100_000, description="textures made by code")] = 600
    steps: Steps = 1600
    batch: Annotated[int, Field(ge=2, le=4096, description="crops per step")] = 48
    crop: Annotated[
        int,
        Field(ge=16, le=256, description="side of the crops", json_schema_extra={"unit": "px"}),
    ] = 80
    widths: Widths = (32, 64, 128, 256)
    learning_rate: LearningRate = 2e-3
    weight_decay: Annotated[float, Field(ge=0, le=1, description="weight decay of AdamW")] = 0.02

    def train(self, data: Sequence[Source], context: TrainContext) -> Iterator[TrainStep]:
        """Train, and yield the steps; see :meth:`Trainable.train`."""
        import torch

        from lichen.networks.encoder import EncoderNetwork
        from lichen.training.data.crops import Crops
        from lichen.training.data.encoder_pictures import training_pictures
        from lichen.training.loop import Loop
        from lichen.training.schedules import warm_up_cosine

        pictures = yield from training_pictures(self.pictures, context.seed)
        loop = Loop(self, context, self.steps)
        rng = loop.stream("crops", np.random.default_rng(context.seed))
        crops = Crops(pictures, self.crop, rng)
        network = loop.network("encoder", lambda: EncoderNetwork(self.widths, len(pictures)))
        optimizer = loop.optimizer(
            "encoder",
            torch.optim.AdamW(
                network.parameters(), self.learning_rate, weight_decay=self.weight_decay
            ),
            warm_up_cosine(self.learning_rate, self.steps),
        )

        def update(step: int) -> dict[str, Tensor]:
            images, labels = (one.to(loop.fabric.device) for one in crops.batch(self.batch))
            scores = network(images.contiguous(memory_format=torch.channels_last))
            loss = classification_loss(scores, labels)
            optimizer.zero_grad()
            loop.backward(loss)
            optimizer.step()
            accuracy = (scores[-1].argmax(1) == labels).float().mean()
            return {"total": loss.detach(), "accuracy": accuracy}

        yield from loop.run(update, lambda: folded_model(network.module, loop.record()))


def classification_loss(scores: Sequence[Tensor], labels: Tensor) -> Tensor:
    """Cross-entropy of each block's scores (B, classes), deeper blocks weighing more."""
    import torch
    from torch.nn import functional as F

    losses = [
        F.cross_entropy(one.float(), labels, label_smoothing=LABEL_SMOOTHING) for one in scores
    ]
    weights = block_weights(len(losses))
    return torch.stack([w * one for w, one in zip(weights, losses, strict=True)]).sum()


def block_weights(n: int) -> list[float]:
    """Weights of the blocks' losses: deeper ones, which can do more, count more."""
    return [0.3 + 0.7 * block / max(n - 1, 1) for block in range(n)]


def folded_model(network: EncoderNetwork, record: ModelRecord) -> Model:
    """Return the model of a trained network: its convolutions with batch norm folded in."""
    from lichen.model import Model
    from lichen.networks.encoder import MEAN, STD, folded
    from lichen.weights.catalogue import InputNormalization

    return Model(
        method=record.method,
        parameters=record.parameters,
        networks={"encoder": "lichen.networks.encoder:Encoder"},
        about=InputNormalization("RGB", 1.0, (MEAN,) * 3, (STD,) * 3).metadata(),
        weights=folded(network),
    )
