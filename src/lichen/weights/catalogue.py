"""Every set of weights that Lichen knows: origin, licence, checksum, what the network expects.

Preprocessing, licence and checksum travel with the weights, so that no method has to know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, cast

from lichen.errors import WeightsError, unknown_name


@dataclass(frozen=True)
class InputNormalization:
    """How a network expects its pixels: channel order and ``(scale * x - mean) / std``.

    ``mean`` and ``std`` are in the network's own channel order.
    """

    order: Literal["RGB", "BGR"]
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Read the fields ``input``, ``mean`` and ``std`` that a trained file has, scale 1.

        Raises
        ------
        WeightsError
            When one is absent or malformed; the caller knows the file.
        """
        order = metadata.get("input", "")
        if order not in ("RGB", "BGR"):
            raise WeightsError("it does not say whether its input is RGB or BGR")
        return cls(
            cast("Literal['RGB', 'BGR']", order),
            1.0,
            _three_numbers(metadata, "mean"),
            _three_numbers(metadata, "std"),
        )

    def metadata(self) -> dict[str, str]:
        """Return the fields from which :meth:`from_metadata` reads it; the scale has to be 1."""
        if self.scale != 1:
            raise ValueError("only a scale of 1 can be written")
        mean, std = (",".join(map(str, values)) for values in (self.mean, self.std))
        return {"input": self.order, "mean": mean, "std": std}


def _three_numbers(metadata: Mapping[str, str], field: str) -> tuple[float, float, float]:
    try:
        first, second, third = (float(part) for part in metadata.get(field, "").split(","))
    except ValueError as error:
        raise WeightsError(
            f"it has its input's {field} as {metadata.get(field)!r}, not three numbers"
        ) from error
    return first, second, third


@dataclass(frozen=True)
class Source:
    """One file that can be downloaded.

    Attributes
    ----------
    url
        Address.
    file
        Name under which the file is kept.
    sha256
        Checksum in hex, or those leading digits of it that its publisher states.
    size
        Size in bytes, None where it is not published to the byte.
    """

    url: str
    file: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True)
class WeightsRow:
    """One set of weights of one network.

    Attributes
    ----------
    name
        Unique name.
    network
        Short name of the network, which rows of other weights for it share.
    architecture
        ``module:Class`` in :mod:`lichen.networks`: what the file holds and how it is read.
    summary
        One line for people.
    licence, paper
        The licence of the weights, and what to cite.
    normalization
        How the network expects its pixels; None where the file itself says it.
    layout
        How tensors are named: ``torchvision`` (``features.0.weight``) or ``layers``
        (``conv1_1.weight``).
    sources
        Where to download, in order of preference.
    embedded
        Whether the file comes with the package.
    training
        The command that makes such a file.
    """

    name: str
    network: str
    architecture: str
    summary: str
    licence: str
    paper: str
    normalization: InputNormalization | None
    layout: Literal["torchvision", "layers"]
    sources: tuple[Source, ...] = ()
    embedded: bool = False
    training: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """File names under which these weights are looked for, in order of preference."""
        published = dict.fromkeys(source.file for source in self.sources)
        return (*published, f"{self.name}.safetensors", f"{self.name}.pth")

    def checksums(self, file: str | None = None) -> tuple[str, ...]:
        """Published checksums, of one file name or of all."""
        known = (s.sha256 for s in self.sources if file is None or s.file == file)
        return tuple(dict.fromkeys(known))


@dataclass(frozen=True)
class WeightsFile:
    """A file that holds a row's weights, with the SHA-256 that it really has."""

    row: WeightsRow
    path: Path
    sha256: str

    @property
    def label(self) -> str:
        """Name and checksum for provenance, such as ``vgg19-caffe sha256:ab12cd34ef56``."""
        return f"{self.row.name} sha256:{self.sha256[:12]}"


_TORCHVISION = InputNormalization("RGB", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_VGG_PAPER = "K. Simonyan, A. Zisserman, ICLR 2015, arXiv 1409.1556"
_SQUEEZENET_PAPER = "F. N. Iandola et al., 2016, arXiv 1602.07360"

_VGG19_FILE = "vgg19-dcbb9e9d.pth"
_VGG19_SHA256 = "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"
_SQUEEZENET_FILE = "squeezenet1_1-b8a52dc0.pth"
_SQUEEZENET_SHA256 = "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b"
_VGG19_CAFFE_FILE = "vgg19-d01eb7cb.pth"

ROWS: tuple[WeightsRow, ...] = (
    WeightsRow(
        name="encoder",
        network="encoder",
        architecture="lichen.networks.encoder:Encoder",
        summary="Lichen's own small texture encoder, in the package",
        licence="Apache-2.0",
        paper="docs/encoder.md",
        normalization=None,
        layout="layers",
        embedded=True,
        training="lichen train encoder",
    ),
    WeightsRow(
        name="vgg19-torchvision",
        network="vgg19",
        architecture="lichen.networks.vgg:VGG19",
        summary="VGG-19 trained by torchvision on ImageNet",
        licence="BSD-3-Clause",
        paper=_VGG_PAPER,
        normalization=_TORCHVISION,
        layout="torchvision",
        sources=(
            Source(
                f"https://download.pytorch.org/models/{_VGG19_FILE}",
                _VGG19_FILE,
                _VGG19_SHA256,
                574_673_361,
            ),
            Source(
                f"https://s3.amazonaws.com/pytorch/models/{_VGG19_FILE}",
                _VGG19_FILE,
                _VGG19_SHA256,
                574_673_361,
            ),
            Source(  # the same tensors in another container, at a fixed revision
                "https://huggingface.co/timm/vgg19.tv_in1k/resolve/"
                "128d4708565b3a414bcbb9bbad440b2fe37b9f18/model.safetensors",
                "vgg19-timm-11aea017.safetensors",
                "11aea017b543ff59233749d8f1cf544cda749378f5790d2fedab841fb86b7669",
            ),
        ),
    ),
    WeightsRow(
        name="vgg19-caffe",
        network="vgg19",
        architecture="lichen.networks.vgg:VGG19",
        summary="VGG-19 of its authors, the network of Gatys et al.",
        licence="CC-BY-4.0",
        paper=_VGG_PAPER,
        normalization=InputNormalization("BGR", 255.0, (103.939, 116.779, 123.68)),
        layout="layers",
        sources=(
            # A conversion whose file name carries the first eight digits of its SHA-256.
            Source(
                f"https://web.eecs.umich.edu/~justincj/models/{_VGG19_CAFFE_FILE}",
                _VGG19_CAFFE_FILE,
                "d01eb7cb",
            ),
            Source(
                f"https://s3-us-west-2.amazonaws.com/jcjohns-models/{_VGG19_CAFFE_FILE}",
                _VGG19_CAFFE_FILE,
                "d01eb7cb",
            ),
        ),
    ),
    WeightsRow(
        name="squeezenet1_1-torchvision",
        network="squeezenet1_1",
        architecture="lichen.networks.squeezenet:SqueezeNet",
        summary="SqueezeNet 1.1 trained by torchvision on ImageNet",
        licence="BSD-3-Clause",
        paper=_SQUEEZENET_PAPER,
        normalization=_TORCHVISION,
        layout="torchvision",
        sources=(
            Source(
                f"https://download.pytorch.org/models/{_SQUEEZENET_FILE}",
                _SQUEEZENET_FILE,
                _SQUEEZENET_SHA256,
                4_958_839,
            ),
            Source(
                f"https://s3.amazonaws.com/pytorch/models/{_SQUEEZENET_FILE}",
                _SQUEEZENET_FILE,
                _SQUEEZENET_SHA256,
                4_958_839,
            ),
        ),
    ),
    WeightsRow(
        name="squeezenet1_1-caffe",
        network="squeezenet1_1",
        architecture="lichen.networks.squeezenet:SqueezeNet",
        summary="SqueezeNet 1.1 of its authors (a file of your own)",
        licence="BSD-2-Clause",
        paper=_SQUEEZENET_PAPER,
        normalization=InputNormalization("BGR", 255.0, (104.0, 117.0, 123.0)),
        layout="layers",
    ),
    WeightsRow(
        name="autoencoder",
        network="autoencoder",
        architecture="lichen.networks.autoencoder:Autoencoder",
        summary="An autoencoder that you train on your own photographs",
        licence="that of the photographs",
        paper="docs/pooled.md",
        normalization=None,
        layout="layers",
        training="lichen train autoencoder PHOTOS -o FILE.safetensors",
    ),
)
"""All known weights, those of one network in order of preference."""


def rows_of(name: str) -> tuple[WeightsRow, ...]:
    """Return the row of that name, or all rows of the network of that name.

    Raises
    ------
    UnknownNameError
        When neither a row nor a network has the name.
    """
    found = tuple(row for row in ROWS if row.name == name) or tuple(
        row for row in ROWS if row.network == name
    )
    if not found:
        raise unknown_name("set of weights", name, [row.name for row in ROWS])
    return found


def row_named(name: str) -> WeightsRow:
    """Return one row: that of the name, or the preferred one of the network of that name."""
    return rows_of(name)[0]
