"""What the class of a network knows about files of its weights.

Tensor names, shapes and other people's names for them belong to the architecture, in
:mod:`lichen.networks`. The code that finds, identifies and reads files asks the class.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]


class StoredNetwork:
    """A network whose weights are kept in files; inherited beside ``torch.nn.Module``.

    By default a file holds exactly the network's state dict, and the metadata field ``parameters``
    has the arguments of its class as JSON.

    Attributes
    ----------
    former_name
        Value of the metadata field ``architecture`` in files from before they named their class.
    """

    former_name: ClassVar[str | None] = None

    @classmethod
    def shapes(cls) -> dict[str, Shape]:
        """Shapes of all tensors by name; empty where they depend on parameters."""
        return {}

    @classmethod
    def torchvision_names(cls) -> dict[str, str]:
        """Names in torchvision's state dict -> the network's; empty where torchvision has none."""
        return {}

    @classmethod
    def own_names(cls, names: Collection[str]) -> dict[str, str]:
        """Names in a file -> the network's; tensors it does not use (a classifier) are left out."""
        shapes, theirs = cls.shapes(), cls.torchvision_names()
        if not shapes:
            return {name: name for name in names}
        translated = {name: theirs.get(name, name) for name in names}
        return {name: own for name, own in translated.items() if own in shapes}

    @classmethod
    def fits(cls, names: Collection[str]) -> bool:
        """Whether a file without metadata, with tensors of these names, can hold this network."""
        shapes = cls.shapes()
        return bool(shapes) and shapes.keys() <= set(cls.own_names(names).values())

    @classmethod
    def mismatch(cls, found: Mapping[str, Shape]) -> str | None:
        """Name the first tensor that is absent or of the wrong shape; None when all fit."""
        for name, shape in cls.shapes().items():
            if name not in found:
                return f"has no tensor {name}"
            if tuple(found[name]) != shape:
                return f"has {name} of shape {tuple(found[name])} instead of {shape}"
        return None

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Self:
        """Make the network of a file, from its tensors under the network's names."""
        network: Any = cls(**json.loads(metadata.get("parameters", "{}")))
        network.load_state_dict(dict(tensors))
        return network


def name_of(network: type[StoredNetwork]) -> str:
    """Return the ``module:Class`` of a network."""
    return f"{network.__module__}:{network.__qualname__}"


def describe(network: type[StoredNetwork], parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata by which :func:`lichen.weights.read.read_network` finds the class.

    >>> from lichen.networks.autoencoder import Autoencoder
    >>> describe(Autoencoder, {"widths": [4, 6]})
    {'network': 'lichen.networks.autoencoder:Autoencoder', 'parameters': '{"widths": [4, 6]}'}
    """
    return {"network": name_of(network), "parameters": json.dumps(parameters, sort_keys=True)}
