"""Whether a change of the code leaves every picture as it was, bit for bit.

Before the change::

    python benchmarks/same_pictures.py before.npz

and after it::

    python benchmarks/same_pictures.py after.npz --against before.npz

One small picture is made by each method and preset, by each feature that a method honours, and by
each verb of the command line; figures of ``lichen probe``, the report card and the weights that a
few steps of training leave are kept, too. One thread computes. Presets for VGG-19 need
``$LICHEN_WEIGHTS``; without it they are left out, and said to be.

The exit status is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import skimage
from PIL import Image

import lichen
from lichen import registry

SHORT: dict[str, dict[str, Any]] = {
    "gatys": {"iterations": 4},
    "pooled": {"iterations": 4},
    "heeger_bergen": {"iterations": 4},
    "portilla_simoncelli": {"iterations": 3, "descent_iterations": 3},
    "sliced_wasserstein": {"iterations": 6},
    "deep_sliced_wasserstein": {"iterations": 4},
    "histogram_losses": {"iterations": 4},
    "shifted_gram": {"iterations": 4},
    "multi_scale_gram": {"iterations": 4},
    "deep_correlations": {"iterations": 4},
    "objective": {"iterations": 4},
}
"""Parameters that make slow methods quick; the others are run as they are."""

PRETRAINED = {
    ("gatys", "paper"),
    ("deep_sliced_wasserstein", "paper"),
    ("histogram_losses", "paper-layers"),
    ("shifted_gram", "paper-layers"),
    ("multi_scale_gram", "paper"),
    ("deep_correlations", "paper-layers"),
}
"""Presets that need VGG-19."""


def photo(name: str, top: int, left: int, size: tuple[int, int]) -> np.ndarray:
    """Cut a piece out of a photograph of scikit-image, float32 (H, W, 3)."""
    pixels = lichen.read_image(Path(skimage.__file__).parent / "data" / name).pixels
    piece = pixels[top : top + size[0], left : left + size[1]]
    return np.repeat(piece, 3, axis=2) if piece.shape[2] == 1 else piece


def pictures_in_python() -> Iterator[tuple[str, Any]]:
    """Yield a name and a call for each picture of each method."""
    coffee, gravel = (
        photo("coffee.png", 300, 100, (56, 60)),
        photo("gravel.png", 100, 100, (64, 60)),
    )
    grey = photo("brick.png", 0, 0, (60, 64))[..., :1]
    height = coffee.mean(axis=2, keepdims=True)
    usable = np.ones((56, 60), bool)
    usable[:9, :20] = False
    hole = np.zeros((56, 60), bool)
    hole[20:38, 12:40] = True
    for name in registry.rows():
        if "model" in registry.method(name).needs:  # its training is among the commands
            continue
        short = SHORT.get(name, {})
        presets = registry.method(name).presets
        for preset in (None, *presets):
            if (name, preset) in PRETRAINED and "LICHEN_WEIGHTS" not in os.environ:
                continue
            how = {"method": name, "preset": preset, "seed": 3, **short}
            label = f"{name}:{preset or 'default'}"
            if name == "image_analogies":
                yield label, lambda how=how: lichen.analogy(coffee, 1 - coffee, gravel, **how)
                continue
            yield label, lambda how=how: lichen.synthesize(coffee, size=(66, 50), **how)
        how = {"method": name, "seed": 5, **short}
        every = {
            "grey": lambda how: lichen.synthesize(grey, **how),
            "tiling": lambda how: lichen.synthesize(gravel, wrap=True, **how),
            "tiling by rows": lambda how: lichen.synthesize(gravel, wrap="rows", **how),
            "init exemplar": lambda how: lichen.synthesize(coffee, init="exemplar", **how),
            "init picture": lambda how: lichen.synthesize(coffee, init=coffee[::-1], **how),
            "init method": lambda how: lichen.synthesize(coffee, init="quilting", **how),
            "mask": lambda how: lichen.synthesize(coffee, mask=usable, **how),
            "maps": lambda how: lichen.synthesize(coffee, maps={"height": height}, **how),
            "two exemplars": lambda how: lichen.synthesize(coffee, also=[gravel], **how),
            "fill": lambda how: lichen.fill(coffee, hole, **how),
            "fill from another": lambda how: lichen.fill(coffee, hole, gravel, grow=1, **how),
            "extend": lambda how: lichen.extend(coffee, left=9, bottom=7, wrap="columns", **how),
            "transfer": lambda how: lichen.transfer(gravel, coffee, **how),
            "analogy": lambda how: lichen.analogy(coffee, 1 - coffee, gravel, **how),
            "mix": lambda how: lichen.mix([coffee, gravel], [0.7, 0.3], **how),
            "strip": lambda how: lichen.strip([coffee, gravel], 3, size=(32, 32), **how),
        }
        for feature, call in every.items():
            yield f"{name} {feature}", lambda how=how, call=call: call(how)


def pictures_by_command(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield a name, the words of a command, and the files that it writes."""
    for name, pixels in {
        "coffee": photo("coffee.png", 300, 100, (56, 60)),
        "gravel": photo("gravel.png", 100, 100, (64, 60)),
        "brick": photo("brick.png", 0, 0, (80, 72)),
        "normal": 0.25 + 0.5 * photo("coffee.png", 300, 100, (56, 60))[::-1],
    }.items():
        lichen.write_image(folder / f"{name}.png", pixels)
    labels = np.zeros((56, 60, 1), np.float32)
    labels[:, 30:] = 1
    lichen.write_image(folder / "labels.png", labels)
    lichen.write_image(folder / "wanted.png", labels.transpose(1, 0, 2))
    (folder / "corpus.txt").write_text("the cat sat on the mat and the dog sat on the log " * 20)
    (folder / "photos").mkdir()
    for number in range(4):
        lichen.write_image(
            folder / f"photos/{number}.png", photo("chelsea.png", 40 * number, 50, (64, 64))
        )
    short = "-m gatys --iterations 4"
    for name, line, files in (
        ("synthesize", "synthesize coffee.png --tile -n 2 --seed 4 -o s_{seed}.png "
         "--save-map s_{seed}.npz", "s_4.png s_5.png"),
        ("turn", "synthesize coffee.png --map normal=normal.png --rotations -o m.png", ""),
        ("maps", "synthesize coffee.png --map normal=normal.png -o m.png", "m.png m_normal.png"),
        ("apply", "apply s_4.npz normal.png -o a.png", "a.png"),
        ("label", "synthesize coffee.png --guide labels.png --follow wanted.png -o l.png", "l.png"),
        ("together", "synthesize coffee.png gravel.png --together -o t.png", "t.png"),
        ("best of", "synthesize brick.png --best-of 2 -o b.png", "b.png"),
        ("rerun", "rerun t.png -o t2.png", "t2.png"),
        ("gatys", f"synthesize coffee.png -o g.png {short}", "g.png"),
        ("continue", "continue g.png -n 3 -o g2.png", "g2.png"),
        ("polish", f"synthesize coffee.png -o p.png {short} --preset polish", "p.png"),
        ("mix", f"mix coffee.png gravel.png --random 2 -o x{{seed}}.png {short}", "x0.png x1.png"),
        ("strip", f"mix coffee.png gravel.png --strip 3 -o y.png {short}", "y.png"),
        ("tiles", "tiles coffee.png -o w.png --preview 64x64", "w.png w_preview.png"),
        ("text", "text corpus.txt -o text.txt --length 200", "text.txt"),
        ("feature maps", "probe maps coffee.png --layer relu2_1 -o p1.png --data p1.npz", "p1.npz"),
        ("channels", "probe channels coffee.png --layer relu2_1 -o p2.png --data p2.npz", "p2.npz"),
        ("fingerprints", "probe fingerprints coffee.png g.png -o p3.png --data p3.npz", "p3.npz"),
        ("spectrum", "probe spectrum coffee.png g.png -o p4.png --data p4.npz", "p4.npz"),
        ("statistics", "probe statistics coffee.png g.png -o p5.png --data p5.npz", "p5.npz"),
        ("filters", "probe filters --layer relu2_1 --channels 0-1 --iterations 4 -o p6.png "
         "--data p6.npz", "p6.npz"),
        ("reconstruct", "probe reconstruct coffee.png --iterations 4 -o p7.png --data p7.npz",
         "p7.npz"),
        ("layers", "probe layers coffee.png --iterations 2 -o p8.png --data p8.npz", "p8.npz"),
        ("encoder", "train encoder --pictures 4 --steps 2 --batch 4 --crop 32 -o e.safetensors",
         "e.safetensors"),
        ("autoencoder", "train autoencoder photos -o ae.safetensors --steps 3 --batch 2 "
         "--patch 32", "ae.safetensors"),
        ("pooled", "synthesize coffee.png -o z.png -m pooled --network autoencoder "
         "--weights ae.safetensors --iterations 3", "z.png"),
    ):  # fmt: skip
        yield name, line.split(), files.split()


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file, by name."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as stored:
            return {f"{path.name}/{name}": stored[name] for name in stored.files}
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        return {f"{path.name}/{name}": array for name, array in load_file(path).items()}
    if path.suffix == ".txt":
        return {path.name: np.frombuffer(path.read_bytes(), np.uint8)}
    return {path.name: np.asarray(Image.open(path))}


def make_all() -> dict[str, np.ndarray]:
    """Make everything; a refusal is kept as an empty array."""
    made: dict[str, np.ndarray] = {}
    for name, call in pictures_in_python():
        try:
            made[name] = call().image
        except lichen.LichenError:
            made[name] = np.empty(0)
        print(f"{name:<60} {made[name].shape}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, words, files in pictures_by_command(folder):
            command = [sys.executable, "-m", "lichen", *words]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            expected = 0 if files else 2
            if done.returncode != expected:
                print(f"{name}: exit status {done.returncode}: {done.stderr[-300:]}", flush=True)
                continue
            for file in files:
                for key, array in arrays_of(folder / file).items():
                    made[f"lichen {name}: {key}"] = array
            print(f"lichen {name:<53} {len(files)} files", flush=True)
    coffee, gravel = (
        photo("coffee.png", 150, 100, (128, 128)),
        photo("coffee.png", 150, 300, (128, 128)),
    )
    card = lichen.compare(coffee, gravel).cards[0]
    made["report card"] = np.array([figure.value for figure in card.figures.values()])
    made["Portilla-Simoncelli"] = np.concatenate(
        [np.ravel(value) for value in vars(lichen.portilla_simoncelli_statistics(coffee)).values()
         if isinstance(value, np.ndarray)] or [np.empty(0)]
    )  # fmt: skip
    made["Julesz"] = lichen.textures.julesz("even", 64, seed=1)
    return made


def difference(new: np.ndarray | None, old: np.ndarray) -> str:
    """Say what is not the same; nothing where all is."""
    if new is None:
        return "not made any more"
    if new.shape != old.shape:
        return f"of shape {new.shape}, before {old.shape}"
    if np.array_equal(new, old, equal_nan=old.dtype.kind == "f"):
        return ""
    apart = np.abs(new.astype(np.float64) - old.astype(np.float64))
    return f"differs by up to {apart.max():.3g}, by {apart.mean():.3g} on average"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output", type=Path, help="file (.npz) to keep what is made in")
    parser.add_argument("--against", type=Path, help="what was made before the change")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["LICHEN_CACHE"] = cache
        made = make_all()
    np.savez_compressed(
        asked.output, **{name.replace("/", "|"): array for name, array in made.items()}
    )
    if "LICHEN_WEIGHTS" not in os.environ:
        print(f"left out, as $LICHEN_WEIGHTS is not set: {sorted(PRETRAINED)}")
    if asked.against is None:
        print(f"{asked.output}: {len(made)} arrays")
        return
    with np.load(asked.against, allow_pickle=False) as stored:
        before = {name.replace("|", "/"): stored[name] for name in stored.files}
    found = {name: difference(made.get(name), old) for name, old in before.items()}
    changed = {name: what for name, what in found.items() if what}
    for name, what in changed.items():
        print(f"{name}: {what}")
    print(f"{len(before) - len(changed)} of {len(before)} arrays are the same")
    print(f"{len(made.keys() - before.keys())} were not made before")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
