"""Pictures through the code of a fully convolutional autoencoder.

J. Masci, U. Meier, D. Cireşan, J. Schmidhuber, "Stacked Convolutional Auto-Encoders for
Hierarchical Feature Extraction", ICANN 2011. What its code keeps is what photographs of the kind
that it was trained on need, so its channels also serve as features of textures
(``network=autoencoder, weights=FILE``; docs/pooled.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from lichen.arrays import Array
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.method import Context, Takes
from lichen.methods.forward.family import TrainedMethod, content_in_colour
from lichen.step import Step
from lichen.training.parameters import LearningRate, Steps, Widths
from lichen.training.step import TrainStep
from lichen.training.trainable import DataKind, Source, TrainContext

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from torch import Tensor, nn

MOST_HELD_OUT = 16
"""Held-out photographs that are measured on, so that measuring takes little of the time."""


class ConvolutionalAutoencoder(TrainedMethod):
    """Encode the content and decode it again: what is left is what the code holds.

    Departures from the paper: average pooling and plain upsampling in place of max pooling and
    deconvolution, trained as a whole and not layer by layer, and the loss is the mean absolute
    error of pixels and of differences of neighbours, which blurs edges less than squares.
    """

    name: ClassVar[str] = "autoencoder"
    citation: ClassVar[str] = (
        "Masci, Meier, Cireşan, Schmidhuber: Stacked Convolutional Auto-Encoders, ICANN 2011"
    )
    honours: ClassVar[frozenset[str]] = frozenset({"content", "model", "device"})
    needs: ClassVar[frozenset[str]] = frozenset({"content", "model"})
    takes: ClassVar[Takes] = "none"
    trains_on: ClassVar[DataKind] = "pictures"
    stored_as: ClassVar[Literal["float16", "float32"]] = "float16"

    patch: Annotated[
        int,
        Field(
            ge=16,
            le=4096,
            description="side of the patches",
            json_schema_extra={
                "unit": "px",
                "trades": "larger patches show more context per step, in more time and memory; "
                "smaller pictures are left out",
            },
        ),
    ] = 512
    steps: Steps = 4000
    batch: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            description="patches per step",
            json_schema_extra={
                "trades": "more make each step less noisy, in proportionally more time and memory"
            },
        ),
    ] = 4
    widths: Widths = (32, 64, 128, 128)
    learning_rate: LearningRate = 1e-3
    gradient_weight: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="weight of the error of differences of neighbours",
            json_schema_extra={
                "trades": "more favours edges and grain; less favours the values of the pixels"
            },
        ),
    ] = 1.0
    held_out: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            description="fraction of the pictures held out of the training and measured on",
            json_schema_extra={
                "trades": "more measures more reliably; less leaves more pictures to train on"
            },
        ),
    ] = 0.1

    def networks(self) -> dict[str, nn.Module]:
        """Build the autoencoder."""
        from lichen.networks.autoencoder import Autoencoder

        return {"autoencoder": Autoencoder(self.widths)}

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield the reconstruction of the canvas's content in one step."""
        import torch

        from lichen.nn.device import out_of_memory
        from lichen.nn.tensor import to_pixels, to_tensor

        network = self.load_networks(context)["autoencoder"]
        with torch.no_grad(), out_of_memory(context.device, canvas.size):
            made = network(to_tensor(content_in_colour(canvas), context.device))
        yield Step(to_pixels(made), fraction=1.0)

    def train(self, data: Sequence[Source], context: TrainContext) -> Iterator[TrainStep]:
        """Minimize the error of reconstructed patches; see :meth:`Trainable.train`."""
        import torch

        from lichen.networks.autoencoder import MEAN, STD
        from lichen.training.data.folder import read_pictures
        from lichen.training.data.patches import Patches, central_patch
        from lichen.training.loop import Loop
        from lichen.training.schedules import warm_up_cosine
        from lichen.weights.catalogue import InputNormalization

        pictures = yield from read_pictures(data, smallest=self.patch, fewest=2)
        trained, held_out = pictures.split(self.held_out, context.seed)
        loop = Loop(self, context, self.steps, pictures.trained_on)
        network = loop.network("autoencoder", lambda: self.networks()["autoencoder"])
        optimizer = loop.optimizer(
            "autoencoder",
            torch.optim.Adam(network.parameters(), self.learning_rate),
            warm_up_cosine(self.learning_rate, self.steps),
        )
        patches = Patches(trained, self.patch, context.seed, shuffle_channels=True)
        batches = loop.batches(patches, self.batch)
        judged = torch.stack([central_patch(one, self.patch) for one in held_out[:MOST_HELD_OUT]])
        judged = judged.to(loop.fabric.device)

        def update(step: int) -> dict[str, Tensor]:
            loss = self.loss(network, next(batches).float() / 255)
            optimizer.zero_grad()
            loop.backward(loss)
            optimizer.step()
            return {"total": loss.detach()}

        def measure() -> dict[str, Tensor]:
            images = [one[None].float() / 255 for one in judged]
            flat = judged.float() / 255
            mean = flat.mean(dim=(2, 3), keepdim=True).expand_as(flat)
            return {
                "held out": torch.stack([self.loss(network, image) for image in images]).mean(),
                "mean colour": reconstruction_error(mean, flat, self.gradient_weight),
            }

        def preview() -> Array:
            from lichen.nn.tensor import to_pixels

            image = judged[:1].float() / 255
            return to_pixels(torch.cat([image, network(image).float()], dim=3))

        normalization = InputNormalization("RGB", 1.0, (MEAN,) * 3, (STD,) * 3)
        about = {
            **normalization.metadata(),
            "licence": "that of the pictures, which is not known here",
        }
        yield from loop.run(
            update,
            lambda: loop.model({"autoencoder": network}, about),
            measure=measure,
            preview=preview,
        )

    def loss(self, network: Any, image: Tensor) -> Tensor:
        """Error of the reconstruction of (B, 3, H, W) images in [0, 1]."""
        import torch

        image = image.contiguous(memory_format=torch.channels_last)
        return reconstruction_error(network(image).float(), image, self.gradient_weight)


def reconstruction_error(made: Tensor, wanted: Tensor, gradient_weight: float) -> Tensor:
    """Mean absolute error of (B, 3, H, W) and, weighted, of the differences of neighbours."""
    from torch.nn import functional as F

    loss = F.l1_loss(made, wanted)
    if gradient_weight > 0:
        across = F.l1_loss(made.diff(dim=3), wanted.diff(dim=3))
        down = F.l1_loss(made.diff(dim=2), wanted.diff(dim=2))
        loss = loss + gradient_weight * (across + down) / 2
    return loss
