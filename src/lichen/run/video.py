"""A video of a run: an animated picture, or a file of imageio's ffmpeg where that is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.atomic import atomic_path
from lichen.errors import ImageError
from lichen.image import resize_image
from lichen.run.loop import Run
from lichen.step import Step

ANIMATED = (".gif", ".webp", ".png")
VIDEO = (".mp4", ".webm")
MAX_FRAMES = 240
FRAMES_PER_SECOND = 24

Frame = NDArray[np.uint8]


class Recorder:
    """Keep frames of a run and write them as one video.

    At most 240 frames are kept: whenever that number is reached every second frame is dropped, and
    from then on only every second step of those recorded so far is kept.

    Parameters
    ----------
    path
        ``.gif``, ``.webp``, ``.png`` (animated) or ``.mp4``, ``.webm``.
    size
        Height and width of the video.
    channels
        Channels of the steps' images that are shown: those of the first map.
    """

    def __init__(self, path: Path, size: tuple[int, int], channels: int = 3) -> None:
        suffix = path.suffix.lower()
        if suffix not in ANIMATED + VIDEO:
            raise ImageError(
                f"{path}: a video cannot be written as {suffix or 'a file without suffix'}",
                f"use one of {', '.join(ANIMATED + VIDEO)}",
            )
        if suffix in VIDEO and find_spec("imageio_ffmpeg") is None:
            raise ImageError(
                f"{path}: {suffix} needs ffmpeg",
                "pip install 'lichen[video]', or use .webp or .gif",
            )
        if not path.absolute().parent.is_dir():
            raise ImageError(f"{path}: the folder does not exist", "make it first")
        self.path = path
        self.size = size
        self.channels = channels
        self._frames: list[Frame] = []
        self._stride = 1
        self._seen = 0

    @classmethod
    def of(cls, run: Run, path: Path) -> Recorder:
        """Return the recorder of a run's first map, at the size of its canvas."""
        return cls(path, run.canvas.size, run.canvas.maps[0].channels)

    def __call__(self, step: Step) -> None:
        """Keep the image of a step if its turn has come."""
        if self._seen % self._stride == 0:
            if len(self._frames) == MAX_FRAMES:
                self._frames = self._frames[::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self._frames.append(self._frame(step))
        self._seen += 1

    def _frame(self, step: Step) -> Frame:
        image = step.image[..., : self.channels]
        if image.shape[:2] != self.size:
            image = resize_image(image, self.size)
        if image.shape[2] == 1:
            image = np.repeat(image, 3, axis=2)
        return np.round(image * 255).astype(np.uint8)

    def write(self) -> Path:
        """Write the video, whole or not at all."""
        with atomic_path(self.path) as temporary:
            if self.path.suffix.lower() in VIDEO:
                self._write_video(temporary)
            else:
                self._write_animation(temporary)
        return self.path

    def _write_animation(self, path: Path) -> None:
        from PIL import Image

        frames = [Image.fromarray(frame) for frame in self._frames]
        frames[0].save(
            path,
            save_all=True,
            append_images=frames[1:],
            duration=round(1000 / FRAMES_PER_SECOND),
            loop=0,
        )

    def _write_video(self, path: Path) -> None:
        import imageio.v2 as imageio

        height, width = self.size  # the usual codecs take even sizes only
        options: dict[str, Any] = {"fps": FRAMES_PER_SECOND, "macro_block_size": 1}
        writer: Any
        with imageio.get_writer(path, **options) as writer:
            for frame in self._frames:
                writer.append_data(frame[: height - height % 2 or 1, : width - width % 2 or 1])
