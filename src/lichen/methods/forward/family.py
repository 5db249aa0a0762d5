"""What methods share whose network is trained once, on data, and then run on canvases.

    theta* = argmin_theta  E_data L(G_theta(z, x), x),      then      y = G_theta*(z, x)

A method's file holds both: :meth:`train` says how the networks are put together and what is
minimized, :meth:`run` is the forward pass. The model that training leaves names the method and its
parameters, so nothing else has to know of it: not the reader of models, not the command line.
``tests/methods/forward/test_toy.py`` has two such methods, whole.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lichen.arrays import Array
from lichen.canvas import Canvas
from lichen.errors import CanvasError, ModelError
from lichen.image import resize_image
from lichen.method import Context, Method
from lichen.model import Model, ModelRecord, with_networks
from lichen.training.trainable import Trainable

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from torch import nn


class TrainedMethod(Trainable, Method):
    """A method that is trained before it makes pictures.

    Attributes
    ----------
    at_use
        Parameters that may differ from the model's when it is used: a strength, say. All others
        belong to the training.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"model"})
    at_use: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def networks(self) -> Mapping[str, nn.Module]:
        """Build the networks of a model, by name, with random weights.

        Those that only training needs, such as a discriminator, are not among them.
        """

    def check_model(self, model: Model | None) -> None:
        """Raise unless the model was trained by this method with these parameters."""
        super().check_model(model)
        if model is None:
            return
        ours = self.model_dump(mode="json")
        for name in ours.keys() - self.at_use:
            if name in model.parameters and model.parameters[name] != ours[name]:
                raise ModelError(
                    f"{model.name} was trained with `{name}` = {model.parameters[name]}, "
                    f"not {ours[name]}",
                    f"leave `{name}` out, or train another model with it",
                )

    def load_networks(self, context: Context) -> dict[str, nn.Module]:
        """Return the networks with the model's weights, frozen, on the context's device.

        Raises
        ------
        ModelError
            When there is no model, or its weights do not fit the networks of its parameters.
        """
        import torch

        model = context.model
        self.check_model(model)
        assert model is not None
        built = dict(self.networks())
        for name, network in built.items():
            try:
                network.load_state_dict(model.of_network(name))
            except RuntimeError as error:
                reason = " ".join(str(error).split())
                raise ModelError(
                    f"{model.name} does not fit its own parameters: {reason[:200]}",
                    "train it again",
                ) from None
            network.eval().requires_grad_(False)
            network.to(context.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return built

    def untrained(self, seed: int = 0) -> Model:
        """Return the model as it is before the first update, for tests and comparisons."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            networks = self.networks()
        record = ModelRecord(method=self.name, parameters=self.model_dump(mode="json"))
        return with_networks(record, networks)


def content_in_colour(canvas: Canvas) -> Array:
    """Return the canvas's content in three channels and at the canvas's size, (H, W, 3).

    Raises
    ------
    CanvasError
        When the canvas has none.
    """
    if canvas.content is None:
        raise CanvasError("the canvas has no content", "name a picture to be rendered")
    content = canvas.content
    if content.shape[:2] != canvas.size:
        content = resize_image(content, canvas.size)
    return np.repeat(content, 3, axis=2) if content.shape[2] == 1 else content
