"""``lichen probe``: seeing what a model sees. Each command writes one figure, and its arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from lichen.features.extractor import FeatureExtractor
    from lichen.step import Step

    Array = NDArray[np.float32]

Command = Callable[..., None]

CLASSICS = {
    "layers": "The same texture with more and more layers: L1, L1-L2, ...",
    "single": "The same texture with each layer alone, deepest first.",
    "parameters": "The same texture with about 1k, 10k, 177k and 852k numbers matched (VGG-19).",
    "weights": "The same texture with trained and with random weights.",
    "starts": "The same texture from different initial images.",
}

NETWORK = click.option(
    "--network", default="encoder", show_default=True,
    help="encoder, vgg19, squeezenet, random-vgg, random-filters or pixels.",
)  # fmt: skip
LAYER = click.option("--layer", required=True, help="Such as relu3_1.")
LAYERS = click.option("--layers", help="Names with commas; the network's own when not given.")
SEED = click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same bytes.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")


def iterations(default: int) -> Callable[[Command], Command]:
    """Give ``--iterations``."""
    return click.option(
        "--iterations", type=click.IntRange(1), default=default, show_default=True,
        help="Of the solver, for each picture.",
    )  # fmt: skip


def crop(default: int) -> Callable[[Command], Command]:
    """Give ``--crop``."""
    return click.option(
        "--crop", type=click.IntRange(8), default=default, show_default=True,
        help="Look at the middle of PHOTO, of at most so many pixels a side.",
    )  # fmt: skip


def outputs(default: str) -> Callable[[Command], Command]:
    """Give a command ``-o`` and ``--data``, both checked before it runs."""

    def decorate(command: Command) -> Command:
        @click.option(
            "-o", "--output", type=click.Path(path_type=Path), default=default, show_default=True,
            help="The figure: .png, .jpg, .svg or .pdf.",
        )  # fmt: skip
        @click.option(
            "--data", type=click.Path(path_type=Path), help="An .npz file for the arrays."
        )
        @wraps(command)
        def called(output: Path, data: Path | None, **values: Any) -> None:
            read = [values[name] for name in ("photo", "result") if values.get(name) is not None]
            _check_outputs(output, data, [Path(name) for name in read])
            command(output=output, data=data, **values)

        decorated: Command = called
        return decorated

    return decorate


@click.group()
def probe() -> None:
    """See inside: feature maps, Gram fingerprints, filters, what layers do.

    \b
    lichen probe maps photo.jpg --layer relu3_1
    lichen probe fingerprints photo.jpg new.png
    lichen probe layers photo.jpg --network vgg19
    """  # noqa: D301 (click wants the control character)


@probe.command()
@click.argument("photo")
@LAYER
@NETWORK
@click.option("--count", type=click.IntRange(1), default=64, show_default=True, help="Of channels.")
@click.option(
    "--order", type=click.Choice(["variance", "index"]), default="variance", show_default=True,
    help="Those that vary most, or the first ones.",
)  # fmt: skip
@crop(512)
@outputs("maps.png")
def maps(
    photo: str, layer: str, network: str, count: int, order: Any, crop: int, output: Path,
    data: Path | None,
) -> None:  # fmt: skip
    """Draw the feature maps of a layer as a sheet."""
    from lichen.probe.figures.pictures import draw_maps
    from lichen.probe.maps import feature_maps

    found = feature_maps(
        _middle(photo, crop), layer, network=_network(network), count=count, order=order
    )
    _save(draw_maps(found), output, data, {"channels": found.channels, "maps": found.maps})


@probe.command()
@click.argument("photo")
@LAYER
@NETWORK
@crop(512)
@outputs("channels.png")
def channels(
    photo: str, layer: str, network: str, crop: int, output: Path, data: Path | None
) -> None:
    """Draw mean, deviation and sparsity of a layer's channels."""
    from lichen.probe.figures.channels import draw_channels
    from lichen.probe.maps import channel_statistics

    found = channel_statistics(_middle(photo, crop), layer, network=_network(network))
    names = ("mean", "deviation", "maximum", "silent", "sparsity")
    _save(draw_channels(found), output, data, {name: getattr(found, name) for name in names})


@probe.command()
@click.argument("photo")
@click.argument("result", required=False)
@LAYERS
@NETWORK
@crop(512)
@outputs("fingerprints.png")
def fingerprints(
    photo: str, result: str | None, layers: str | None, network: str, crop: int, output: Path,
    data: Path | None,
) -> None:  # fmt: skip
    """Draw each layer's Gram matrix, of PHOTO and, if given, of RESULT beside it."""
    from lichen.probe.figures.fingerprints import draw_fingerprints, draw_own_fingerprints
    from lichen.probe.grams import compare_fingerprints
    from lichen.probe.grams import fingerprints as compute

    names, features = _names(layers), _network(network)
    exemplar = _middle(photo, crop)
    if result is None:
        matrices = compute(exemplar, names, network=features)
        _save(draw_own_fingerprints(matrices), output, data, matrices)
        return
    pairs = compare_fingerprints(exemplar, _middle(result, crop), names, network=features)
    arrays = {
        f"{layer}_{which}": getattr(pair, which)
        for layer, pair in pairs.items()
        for which in ("exemplar", "result")
    }
    _save(draw_fingerprints(pairs), output, data, arrays)


@probe.command()
@click.argument("photo")
@LAYERS
@NETWORK
@iterations(100)
@crop(192)
@SEED
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="film.webp", show_default=True,
    help="The film: .gif .webp .png .mp4 .webm.",
)  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path), help="An .npz file for the distances.")
@QUIET
def film(
    photo: str, layers: str | None, network: str, iterations: int, crop: int, seed: int,
    output: Path, data: Path | None, quiet: bool,
) -> None:  # fmt: skip
    """Film how fingerprints change while noise turns into the texture of PHOTO.

    Ctrl-C ends the film where it is.
    """
    import numpy as np

    from lichen.probe.figures.fingerprints import FingerprintFilm
    from lichen.probe.grams import watch_fingerprints
    from lichen.run.interruption import Interruption
    from lichen.run.progress import ProgressBar
    from lichen.run.recording import Recorder
    from lichen.step import Step

    Recorder(output, (1, 1))  # whether it could be written
    _check_data(data, [Path(photo)])
    exemplar = _middle(photo, crop)
    moments = watch_fingerprints(
        exemplar, _names(layers), network=network, iterations=iterations, seed=seed
    )
    recorder: Recorder | None = None
    distances: dict[str, list[float]] = {}
    interrupted = False
    try:
        with ProgressBar(output.name, False if quiet else None) as bar, Interruption() as asked:
            for moment in moments:
                if recorder is None:
                    drawing = FingerprintFilm(exemplar, moment)
                frame = drawing.frame(moment)
                if recorder is None:
                    recorder = Recorder(output, (frame.shape[0], frame.shape[1]))
                step = Step(frame, fraction=moment.fraction)
                recorder(step)
                for layer, pair in moment.pairs.items():
                    distances.setdefault(layer, []).append(pair.distance)
                bar.step(step)
                asked.check()
    except KeyboardInterrupt:
        interrupted = True
    if recorder is not None:
        recorder.write()
        _save_data(data, {layer: np.array(values) for layer, values in distances.items()})
        if not quiet:
            click.echo(str(output))
    if interrupted:
        raise KeyboardInterrupt


@probe.command()
@click.option("--layer", "chosen", multiple=True, required=True, help="May be given repeatedly.")
@click.option(
    "--channels", default="0,1,2,3,4,5,6,7", show_default=True,
    help="Numbers with commas, or ranges as 0-15.",
)  # fmt: skip
@click.option("--direction-of", "photo", help="Of a picture: its principal direction instead.")
@NETWORK
@click.option("--size", type=click.IntRange(8), default=96, show_default=True, help="In pixels.")
@iterations(150)
@click.option("--jitter", type=click.IntRange(0), default=8, show_default=True, help="In pixels.")
@click.option(
    "--total-variation", type=click.FloatRange(0), default=0.0, show_default=True,
    help="Weight of the mean absolute difference of neighbours.",
)  # fmt: skip
@click.option(
    "--fourier/--pixels",
    default=True,
    show_default=True,
    help="Optimise Fourier coefficients in decorrelated colours, or pixels.",
)
@SEED
@outputs("filters.png")
@QUIET
def filters(
    chosen: tuple[str, ...], channels: str, photo: str | None, network: str, output: Path,
    data: Path | None, quiet: bool, **how: Any,
) -> None:  # fmt: skip
    """Draw what channels of layers look for: pictures that they answer to most."""
    from lichen.probe.figures.pictures import draw_maximised
    from lichen.probe.maximisation import (
        maximise_channels,
        maximise_direction,
        principal_direction,
    )

    features = _network(network)
    features.check_layers(chosen)
    numbers = _numbers(channels)
    directions = {}
    if photo is not None:
        directions = {
            layer: principal_direction(photo, layer, network=features) for layer in chosen
        }
    rows = []
    for layer in chosen:
        with _bar(layer, quiet) as on_step:
            shared = {"network": features, "on_step": on_step, **how}
            rows.append(
                maximise_direction(layer, directions[layer], **shared)
                if directions
                else maximise_channels(layer, numbers, **shared)
            )
    arrays = {
        f"{row.layer}_{which}": getattr(row, which)
        for row in rows
        for which in ("directions", "images", "activation", "before")
    }
    _save(draw_maximised(rows), output, data, arrays, quiet)


@probe.command()
@click.argument("photo")
@LAYERS
@NETWORK
@iterations(150)
@click.option(
    "--total-variation", type=click.FloatRange(0), default=0.1, show_default=True,
    help="Weight of the mean squared difference of neighbours.",
)  # fmt: skip
@crop(192)
@SEED
@outputs("reconstruction.png")
@QUIET
def reconstruct(
    photo: str, layers: str | None, network: str, crop: int, output: Path, data: Path | None,
    quiet: bool, **how: Any,
) -> None:  # fmt: skip
    """Draw what of PHOTO survives at each layer: pictures with the same feature maps."""
    from lichen.probe.figures.pictures import draw_reconstruction
    from lichen.probe.inversion import reconstruct as invert

    features, names = _network(network), _names(layers)
    with _bar("reconstruction", quiet) as on_step:
        found = invert(_middle(photo, crop), names, network=features, on_step=on_step, **how)
    arrays = {
        which: getattr(found, which) for which in ("original", "images", "feature_loss", "psnr")
    }
    _save(draw_reconstruction(found), output, data, arrays, quiet)


@probe.command()
@click.argument("photo")
@click.argument("result", required=False)
@outputs("spectrum.png")
def spectrum(photo: str, result: str | None, output: Path, data: Path | None) -> None:
    """Draw power spectrum and autocorrelation of PHOTO and, if given, RESULT."""
    from lichen.probe.figures.second_order import draw_second_order
    from lichen.probe.second_order import second_order

    pictures = [photo] if result is None else [photo, result]
    found = second_order(*pictures)
    figure = draw_second_order(found, [Path(picture).stem for picture in pictures])
    _save(figure, output, data, vars(found))


@probe.command()
@click.argument("photo")
@click.argument("result", required=False)
@outputs("statistics.png")
def statistics(photo: str, result: str | None, output: Path, data: Path | None) -> None:
    """Draw the statistics of Portilla and Simoncelli of PHOTO and, if given, RESULT."""
    import numpy as np

    from lichen.probe.figures.parametric import draw_groups
    from lichen.probe.parametric import portilla_simoncelli_groups

    pictures = [photo] if result is None else [photo, result]
    found = portilla_simoncelli_groups(*pictures)
    arrays = {**found.values}
    arrays.update({f"{name}_labels": np.array(labels) for name, labels in found.labels.items()})
    figure = draw_groups(found, [Path(picture).stem for picture in pictures])
    _save(figure, output, data, arrays)


def _classic(name: str, summary: str) -> None:
    """Add the command of one classic figure."""

    @probe.command(name, help=f"{summary} Ctrl-C leaves what there is.")
    @click.argument("photo")
    @NETWORK
    @iterations(200)
    @crop(192)
    @SEED
    @outputs(f"{name}.png")
    @QUIET
    def command(
        photo: str, network: str, iterations: int, crop: int, seed: int, output: Path,
        data: Path | None, quiet: bool,
    ) -> None:  # fmt: skip
        from lichen.probe.classics import ClassicInterruptedError, classic

        interrupted = False
        try:
            made = classic(
                name, _middle(photo, crop), network=network, iterations=iterations, seed=seed,
                progress=False if quiet else None,
            )  # fmt: skip
        except ClassicInterruptedError as error:
            interrupted, made = True, error.classic
        if made.panels:
            _save_classic(made, output, data, quiet)
        if interrupted:
            raise KeyboardInterrupt


def _save_classic(made: Any, output: Path, data: Path | None, quiet: bool) -> None:
    import numpy as np

    from lichen.probe.figures.pictures import draw_classic

    arrays = {
        "exemplar": made.exemplar,
        "labels": np.array([panel.label for panel in made.panels]),
        "images": np.stack([panel.image for panel in made.panels]),
        "n_statistics": np.array([panel.n_statistics for panel in made.panels]),
        "losses": np.array([panel.loss for panel in made.panels]),
    }
    _save(draw_classic(made), output, data, arrays, quiet)


for _name, _summary in CLASSICS.items():
    _classic(_name, _summary)


def _network(name: str) -> FeatureExtractor:
    from lichen.probe.subject import as_features

    return as_features(name)


def _middle(photo: str, side: int) -> Array:
    """Read the middle of a picture."""
    from lichen.probe.subject import pixels_of

    pixels = pixels_of(photo)
    height, width = (min(side, length) for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def _names(layers: str | None) -> list[str] | None:
    return None if layers is None else [name.strip() for name in layers.split(",") if name.strip()]


def _numbers(text: str) -> list[int]:
    """Read ``0,3,8-11``."""
    from lichen.errors import ParameterError

    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or not (last or first).isdigit():
            raise ParameterError(f"channels {text!r} are no numbers", "write them as 0,3,8-11")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


@contextmanager
def _bar(title: str, quiet: bool) -> Iterator[Callable[[Step], None]]:
    """Show steps on a bar, and listen for Ctrl-C at each."""
    from lichen.run.interruption import Interruption
    from lichen.run.progress import ProgressBar

    with ProgressBar(title, False if quiet else None) as bar, Interruption() as asked:

        def on_step(step: Step) -> None:
            asked.check()
            bar.step(step)

        yield on_step


def _check_outputs(output: Path, data: Path | None, read: list[Path]) -> None:
    from lichen.atomic import check_folder
    from lichen.errors import LichenError
    from lichen.faces.commands.saving import refuse_overwriting

    if output.suffix.lower() not in (".png", ".jpg", ".jpeg", ".svg", ".pdf"):
        raise LichenError(f"{output} is no name for a figure", "name it with .png, .jpg or .svg")
    check_folder(output)
    refuse_overwriting([output], read)
    _check_data(data, read)


def _check_data(data: Path | None, read: list[Path]) -> None:
    from lichen.atomic import check_folder
    from lichen.errors import LichenError
    from lichen.faces.commands.saving import refuse_overwriting

    if data is None:
        return
    if data.suffix != ".npz":
        raise LichenError(f"{data} is no name for arrays", "name it with .npz")
    check_folder(data)
    refuse_overwriting([data], read)


def _save(
    figure: Figure,
    output: Path,
    data: Path | None,
    arrays: Mapping[str, Any],
    quiet: bool = False,
) -> None:
    """Write figure and arrays, each whole or not at all."""
    from lichen.atomic import atomic_path

    with atomic_path(output) as temporary:
        figure.savefig(temporary)
    _save_data(data, arrays)
    if not quiet:
        click.echo(str(output))


def _save_data(data: Path | None, arrays: Mapping[str, Any]) -> None:
    import numpy as np

    from lichen.atomic import atomic_path

    if data is not None:
        with atomic_path(data) as temporary:
            np.savez_compressed(temporary, **arrays)
