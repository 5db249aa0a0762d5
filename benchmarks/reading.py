"""How much one has to read: the files behind a method, and the frames from a command to it.

python benchmarks/reading.py [--against OTHER_CHECKOUT/src] [--list]

Counted are the files of the package that a method's file reaches by its imports, those inside
functions included and those for type checkers left out; and, of these, the ones in which something
runs while a small picture is made (compiled kernels are not seen, so that is no figure for
patchmatch). Plumbing is left out: nouns, images, files, weights and what every method has in common
with all others. Frames are those of this package between ``lichen synthesize`` and the first line
of the method.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

METHODS = {
    "gatys": "methods/learning/gatys.py",
    "patchmatch": "methods/resampling/patchmatch.py",
    "portilla_simoncelli": "methods/learning/portilla_simoncelli.py",
}

PLUMBING = (
    "arrays", "atomic", "canvas", "errors", "exemplar", "image", "job", "kernels", "method",
    "model", "result", "source_map", "step", "weights", "registry", "nn.device", "nn.threads",
    "nn.tensor", "features.tensor", "features.precision", "nn.precision",
)  # fmt: skip

TRACE = """
import sys
import numpy as np
import lichen
files = set()
def profile(frame, event, argument):
    if event == "call" and "/lichen/" in frame.f_code.co_filename:
        if frame.f_code.co_name != "<module>":
            files.add(frame.f_code.co_filename.rpartition("/lichen/")[2])
photo = np.random.default_rng(0).random((64, 64, 3))
short = {"iterations": 2}
lichen.synthesize(photo, method=sys.argv[1], progress=False, **short)
sys.setprofile(profile)
lichen.synthesize(photo, method=sys.argv[1], progress=False, **short)
sys.setprofile(None)
print("\\n".join(sorted(files)))
"""

FRAMES = """
import sys, traceback
from lichen import registry
cls = registry.method("patchmatch") if hasattr(registry, "method") else registry.get("patchmatch")
def run(self, *arguments):
    names = [f for f in traceback.extract_stack() if "lichen" in f.filename.split("/")[-3:] or
             "/lichen/" in f.filename]
    print(len(names), *(f"{f.filename.rpartition('/lichen/')[2]}:{f.name}" for f in names))
    raise SystemExit
cls.run = run
from importlib import import_module
try:
    main = import_module("lichen.faces.cli.main").main
except ModuleNotFoundError:
    main = import_module("lichen.faces.cli").main
sys.argv = ["lichen", "synthesize", sys.argv[1], "-o", sys.argv[2], "-q"]
main()
"""


def imports(path: Path, source: Path) -> Iterator[str]:
    """Yield the modules of the package that a file imports, as dotted names below it."""

    def visit(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    for name in visit(ast.parse(path.read_text("utf-8"))):
        if name.startswith("lichen."):
            yield name.removeprefix("lichen.")


def file_of(name: str, source: Path) -> Path | None:
    module = source / "lichen" / Path(*name.split("."))
    if module.with_suffix(".py").is_file():
        return module.with_suffix(".py")
    package = module / "__init__.py"
    return package if package.is_file() and len(package.read_text("utf-8")) > 400 else None


def files_behind(method: str, source: Path) -> list[str]:
    """Return the files behind a method, plumbing left out."""
    first = source / "lichen" / METHODS[method]
    seen, waiting = {first}, [first]
    while waiting:
        for name in imports(waiting.pop(), source):
            if any(name == part or name.startswith(f"{part}.") for part in PLUMBING):
                continue
            path = file_of(name, source)
            if path is not None and path not in seen:
                seen.add(path)
                waiting.append(path)
    return sorted(str(path.relative_to(source / "lichen")) for path in seen)


def files_that_run(method: str, source: Path) -> set[str]:
    """Return the files in which something runs while the method makes a picture."""
    done = subprocess.run(
        [sys.executable, "-c", TRACE, method],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def frames(source: Path) -> str:
    """Count the frames between the command line and the first line of a method."""
    from lichen.image import write_image

    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.png"
        write_image(photo, np.full((40, 40, 3), 0.5))
        done = subprocess.run(
            [sys.executable, "-c", FRAMES, str(photo), str(Path(folder) / "out.png")],
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            text=True,
        )
    return done.stdout.strip() or done.stderr.strip()[-300:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, help="src folder of another checkout")
    parser.add_argument("--list", action="store_true", help="name the files and frames")
    asked = parser.parse_args()
    here = Path(__file__).parents[1] / "src"
    for source in [here] if asked.against is None else [asked.against, here]:
        print(source)
        for method in METHODS:
            found = files_behind(method, source)
            lines = sum(
                len((source / "lichen" / name).read_text("utf-8").splitlines()) for name in found
            )
            run = len(files_that_run(method, source) & set(found))
            print(f"  {method:<20} {len(found):>3} files, {lines:>5} lines; {run:>3} of them run")
            if asked.list:
                print("    " + "\n    ".join(found))
        count, _, names = frames(source).partition(" ")
        print(f"  command to method    {count:>3} frames")
        if asked.list:
            print("    " + "\n    ".join(names.split()))


if __name__ == "__main__":
    main()
