"""A trained method is one class: found, trained, saved, loaded, run and checked by it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from pydantic import Field
from scipy.ndimage import uniform_filter
from torch import Tensor, nn

import lichen
from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import LichenError
from lichen.exemplar import Exemplar
from lichen.faces.cli.main import lichen as command
from lichen.faces.training import train
from lichen.image import read_image, write_image
from lichen.method import Context, Takes
from lichen.methods.forward.family import TrainedMethod, content_in_colour
from lichen.model import Model, ModelRecord
from lichen.nn.tensor import to_pixels, to_tensor, torch_generator
from lichen.step import Step
from lichen.testing import check_method
from lichen.training.data.folder import read_pictures
from lichen.training.data.pairs import PairedPatches, read_pairs
from lichen.training.loop import Loop
from lichen.training.step import TrainStep
from lichen.training.trainable import DataKind, Source, TrainContext


class LinearFilter(TrainedMethod):
    """The linear filter that makes B of A, learnt from a pair by gradient descent."""

    name: ClassVar[str] = "linear_filter"
    citation: ClassVar[str] = "nobody 1900"
    honours: ClassVar[frozenset[str]] = frozenset({"content", "model", "device"})
    needs: ClassVar[frozenset[str]] = frozenset({"content", "model"})
    takes: ClassVar[Takes] = "none"
    trains_on: ClassVar[DataKind] = "pairs"
    at_use: ClassVar[frozenset[str]] = frozenset({"strength"})

    radius: Annotated[int, Field(ge=0, le=9, description="radius of the filter")] = 1
    steps: Annotated[int, Field(ge=1, description="updates")] = 60
    strength: Annotated[float, Field(ge=0, le=1, description="fraction of the result")] = 1.0

    def networks(self) -> dict[str, nn.Module]:
        side = 2 * self.radius + 1
        conv = nn.Conv2d(1, 1, side, padding=self.radius, padding_mode="replicate", bias=False)
        return {"filter": conv}

    def train(self, data: Sequence[Source], context: TrainContext) -> Iterator[TrainStep]:
        pairs = yield from read_pairs(data, smallest=16)
        loop = Loop(self, context, self.steps, pairs.trained_on)
        network = loop.network("filter", lambda: self.networks()["filter"])
        optimizer = loop.optimizer("filter", torch.optim.Adam(network.parameters(), 0.03))
        batches = loop.batches(PairedPatches(pairs.pairs, 16, context.seed), 4)

        def update(step: int) -> dict[str, Tensor]:
            a, b = (side.float().mean(1, keepdim=True) / 255 for side in next(batches))
            loss = (network(a).float() - b).square().mean()
            optimizer.zero_grad()
            loop.backward(loss)
            optimizer.step()
            return {"total": loss.detach()}

        def preview() -> lichen.arrays.Array:
            return np.full((4, 4, 3), 0.5, np.float32)

        yield from loop.run(update, lambda: loop.model({"filter": network}), preview=preview)

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        network = self.load_networks(context)["filter"]
        image = to_tensor(content_in_colour(canvas), context.device)
        with torch.no_grad():
            made = network(image.transpose(0, 1)).transpose(0, 1)  # the channels are a batch
        yield Step(to_pixels(image.lerp(made, self.strength)), fraction=1.0)


@pytest.fixture(autouse=True)
def _row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register it, as an installed package does by its entry point."""
    entry = EntryPoint("linear_filter", f"{__name__}:LinearFilter", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])


@pytest.fixture
def pair(tmp_path: Path, rng: np.random.Generator) -> tuple[Path, Path]:
    """Two pictures: noise, and its mean over 3x3 pixels."""
    noise = rng.random((48, 40, 1))
    for name, pixels in (("a", noise), ("b", uniform_filter(noise, (3, 3, 1)))):
        write_image(tmp_path / f"{name}.png", pixels.astype(np.float32), bit_depth=16)
    return tmp_path / "a.png", tmp_path / "b.png"


def test_from_a_pair_to_a_picture(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert "linear_filter" in lichen.methods("content", "model")
    file = tmp_path / "blur.safetensors"
    model = train("linear_filter", *pair, output=file, steps=300, progress=False)
    # what was learnt is the filter that made B of A
    torch.testing.assert_close(
        model.of_network("filter")["weight"], torch.full((1, 1, 3, 3), 1 / 9), atol=0.01, rtol=0
    )
    stored = Model.read(file)
    assert stored.method == "linear_filter"
    assert stored.parameters == {"radius": 1, "steps": 300, "strength": 1.0}
    assert [one.name for one in stored.trained_on] == ["a.png", "b.png"]
    assert stored.trained_on[0].sha256 == read_image(pair[0]).sha256
    assert torch.equal(stored.weights["weight"], model.weights["weight"])
    content = read_image(pair[0]).pixels
    result = lichen.transfer(str(file), content, progress=False)
    inner = (slice(2, -2), slice(2, -2))
    expected = read_image(pair[1]).pixels[inner]
    assert np.abs(result.image[inner] - expected).max() < 0.03
    assert result.provenance.networks == (
        f"linear_filter model sha256:{stored.recorded().sha256[:12]}",
    )
    halfway = lichen.transfer(stored, content, strength=0.5, progress=False).image
    np.testing.assert_allclose(halfway, (result.image + content) / 2, atol=1e-5)
    check_method("linear_filter", model=file)


def test_the_contract_holds_before_training_too() -> None:
    check_method("linear_filter", radius=2)


def test_a_model_is_refused_where_it_does_not_belong(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    file = tmp_path / "blur.safetensors"
    train("linear_filter", *pair, output=file, steps=2, progress=False)
    with pytest.raises(LichenError, match="`radius` = 1, not 2"):
        lichen.transfer(file, pair[0], radius=2)
    with pytest.raises(LichenError, match="is a model of linear_filter, not of autoencoder"):
        lichen.transfer(file, pair[0], method="autoencoder")
    with pytest.raises(LichenError, match="model"):
        lichen.synthesize(pair[0], model=file, method="quilting")
    with pytest.raises(LichenError, match="trained before it is used"):
        lichen.transfer(pair[0], pair[0], method="linear_filter")
    with pytest.raises(LichenError, match="content"):
        lichen.synthesize(file)


def test_the_commands(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    listed = run(command, ["train", "--help"], catch_exceptions=False).stdout
    assert "linear_filter A B" in listed
    assert "encoder" in listed
    explained = run(command, ["train", "linear_filter", "--help"], catch_exceptions=False).stdout
    assert "--radius INTEGER" in explained
    words = "train linear_filter a.png b.png -o blur.safetensors --steps 5 --preview-every 2"
    done = run(command, words.split(), catch_exceptions=False)
    assert done.exit_code == 0
    assert "blur.safetensors" in done.stdout
    assert read_image("blur.preview.png").pixels.shape == (4, 4, 3)
    assert ModelRecord.read("blur.safetensors").parameters["steps"] == 5
    words = "transfer blur.safetensors a.png -o out.png --strength 0.5"
    done = run(command, words.split(), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    record = lichen.read_provenance("out.png")
    assert record.job.method == "linear_filter"
    assert record.job.parameters["strength"] == 0.5
    assert record.job.inputs["model"][0].files["model"].path == "blur.safetensors"
    words = "rerun out.png -o again.png"
    done = run(command, words.split(), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert Path("again.png").read_bytes() == Path("out.png").read_bytes()


class Painter(TrainedMethod):
    """Noise in the mean colour of the pictures: a generator, which needs no picture at use."""

    name: ClassVar[str] = "painter"
    citation: ClassVar[str] = "nobody 1900"
    honours: ClassVar[frozenset[str]] = frozenset({"model", "wrap"})
    takes: ClassVar[Takes] = "none"
    trains_on: ClassVar[DataKind] = "pictures"
    steps: Annotated[int, Field(ge=1, description="updates")] = 20

    def networks(self) -> dict[str, nn.Module]:
        return {"colour": nn.Linear(1, 3)}

    def train(self, data: Sequence[Source], context: TrainContext) -> Iterator[TrainStep]:
        pictures = yield from read_pictures(data)
        wanted = torch.tensor(pictures.pictures[0].pixels.mean((0, 1)) / 255).float()
        loop = Loop(self, context, self.steps, pictures.trained_on)
        network = loop.network("colour", lambda: self.networks()["colour"])
        optimizer = loop.optimizer("colour", torch.optim.SGD(network.parameters(), 0.2))

        def update(step: int) -> dict[str, Tensor]:
            loss = (network(torch.zeros(1, 1)) - wanted).square().sum()
            optimizer.zero_grad()
            loop.backward(loss)
            optimizer.step()
            return {"total": loss.detach()}

        yield from loop.run(update, lambda: loop.model({"colour": network}))

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        colour = self.load_networks(context)["colour"](torch.zeros(1, 1))
        noise = torch.rand(1, 3, *canvas.size, generator=torch_generator(context.rng("noise")))
        yield Step(to_pixels(colour.view(1, 3, 1, 1) + 0.1 * (noise - 0.5)), fraction=1.0)


def test_a_generator_needs_nothing_but_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EntryPoint("painter", f"{__name__}:Painter", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    monkeypatch.chdir(tmp_path)
    moss = np.broadcast_to(np.array([0.2, 0.6, 0.4]), (20, 20, 3))
    train("painter", moss, output="moss.safetensors", steps=60, progress=False)
    made = lichen.synthesize("moss.safetensors", size=(30, 40), seed=3, progress=False)
    assert made.image.shape == (30, 40, 3)
    np.testing.assert_allclose(made.image.mean((0, 1)), [0.2, 0.6, 0.4], atol=0.02)
    assert lichen.synthesize("moss.safetensors", progress=False).size == (256, 256)
    words = "synthesize moss.safetensors -s 32x24 --tile -n 2 -q"
    done = CliRunner().invoke(command, words.split(), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    one, two = (read_image(f"moss_painter_{seed}.png").pixels for seed in (0, 1))
    assert one.shape == (24, 32, 3)
    assert not np.array_equal(one, two)
    helped = CliRunner().invoke(command, ["synthesize", "moss.safetensors", "--help"]).stdout
    assert "Parameters of painter" in helped
    words = "transfer --weights=x.safetensors --layers relu1_1 -m pooled a.png b.png"
    with pytest.raises(LichenError, match=r"a\.png"):
        CliRunner().invoke(command, words.split(), catch_exceptions=False)
    words = "synthesize --model=moss.safetensors --tile --help"
    assert "Parameters of painter" in CliRunner().invoke(command, words.split()).stdout
    for mistake in ("--best-of 2", "--mask moss.safetensors", "-m quilting", "--preset small"):
        words = f"synthesize moss.safetensors {mistake}"
        with pytest.raises(LichenError):
            CliRunner().invoke(command, words.split(), catch_exceptions=False)
    check_method("painter", model="moss.safetensors")
    check_method("painter")
