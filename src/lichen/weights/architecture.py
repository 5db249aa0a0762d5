"""Tensors that each known network has, under Lichen's names and under torchvision's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Shape = tuple[int, ...]

VGG19_BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and number of convolutions of each block."""

FIRE_MODULES = {
    "fire2": (64, 16, 64),
    "fire3": (128, 16, 64),
    "fire4": (128, 32, 128),
    "fire5": (256, 32, 128),
    "fire6": (256, 48, 192),
    "fire7": (384, 48, 192),
    "fire8": (384, 64, 256),
    "fire9": (512, 64, 256),
}
"""Channels in, squeezed, and of each of the two expansions."""

_TORCHVISION_FIRE = dict(zip(FIRE_MODULES, (3, 4, 6, 7, 9, 10, 11, 12), strict=True))


def shapes_of(network: str) -> dict[str, Shape]:
    """Shapes of the convolutions of ``vgg19`` or ``squeezenet1_1``; empty for any other."""
    convolutions: dict[str, Shape] = {}
    if network == "vgg19":
        channels_in = 3
        for block, (channels, count) in enumerate(VGG19_BLOCKS, start=1):
            for i in range(1, count + 1):
                convolutions[f"conv{block}_{i}"] = (channels, channels_in, 3, 3)
                channels_in = channels
    elif network == "squeezenet1_1":
        convolutions["conv1"] = (64, 3, 3, 3)
        for fire, (channels_in, squeezed, expanded) in FIRE_MODULES.items():
            convolutions[f"{fire}.squeeze1x1"] = (squeezed, channels_in, 1, 1)
            convolutions[f"{fire}.expand1x1"] = (expanded, squeezed, 1, 1)
            convolutions[f"{fire}.expand3x3"] = (expanded, squeezed, 3, 3)
    shapes: dict[str, Shape] = {}
    for name, shape in convolutions.items():
        shapes[f"{name}.weight"] = shape
        shapes[f"{name}.bias"] = shape[:1]
    return shapes


def torchvision_names(network: str) -> dict[str, str]:
    """Names in torchvision's state dict -> Lichen's names."""
    modules: dict[str, str] = {}
    if network == "vgg19":
        position = 0
        for block, (_, count) in enumerate(VGG19_BLOCKS, start=1):
            for i in range(1, count + 1):
                modules[f"features.{position}"] = f"conv{block}_{i}"
                position += 2  # the convolution and its ReLU
            position += 1  # the pooling
    elif network == "squeezenet1_1":
        modules["features.0"] = "conv1"
        for fire, position in _TORCHVISION_FIRE.items():
            modules[f"features.{position}.squeeze"] = f"{fire}.squeeze1x1"
            modules[f"features.{position}.expand1x1"] = f"{fire}.expand1x1"
            modules[f"features.{position}.expand3x3"] = f"{fire}.expand3x3"
    return {
        f"{theirs}.{part}": f"{ours}.{part}"
        for theirs, ours in modules.items()
        for part in ("weight", "bias")
    }


def is_network(network: str, names: Iterable[str]) -> bool:
    """Whether tensors of these names can be that network, in either naming."""
    present = set(names)
    translated = present | {torchvision_names(network).get(name, name) for name in present}
    expected = shapes_of(network)
    if not expected:  # of any widths; only an autoencoder has a decoder
        decodes = any(name.startswith("decoder.") for name in present)
        fits = decodes == (network == "autoencoder")
        return fits and "conv1_1.weight" in present and not is_network("vgg19", present)
    return expected.keys() <= translated


def wrong_shape(network: str, found: Mapping[str, Shape]) -> str | None:
    """Say which tensor is absent or of another shape than the network's; None when all fit."""
    for name, shape in shapes_of(network).items():
        if name not in found:
            return f"has no tensor {name}"
        if tuple(found[name]) != shape:
            return f"has {name} of shape {tuple(found[name])} instead of {shape}"
    return None
