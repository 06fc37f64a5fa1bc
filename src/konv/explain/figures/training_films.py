"""How kernels and feature maps change while a model is trained: one contact sheet for each epoch, as GIF."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from konv.callbacks import Callback
from konv.errors import KonvError
from konv.explain.figures.base import save_gif
from konv.explain.figures.contact_sheet import PAPER, Tiles
from konv.explain.figures.feature_maps import FeatureMaps, feature_maps
from konv.explain.figures.kernel_sheets import Kernels, kernels
from konv.layers.base import Layer


class _FilmOfSheets(Callback):
    """Takes a sheet before the first epoch and after each; writes them at the end of training."""

    def __init__(self, layer: str | Layer, path: str | Path, seconds: float = 0.5) -> None:
        super().__init__()
        what = type(self).__name__
        self.layer, self.path, self.seconds = layer.name if isinstance(layer, Layer) else layer, Path(path), float(seconds)
        self.sheets: list[Any] = []
        if self.path.suffix.lower() != ".gif":
            raise KonvError(f"{what}: a film is written as .gif, got {self.path.name!r}")
        if not self.seconds > 0:
            raise KonvError(f"{what}: seconds must be above 0, got {seconds!r}")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """A film of this run alone; its first picture is of the weights that training begins with."""
        self.sheets = [self._sheet(0)]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.sheets.append(self._sheet(epoch + 1))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        from PIL import ImageOps

        frames = [sheet.image() for sheet in self._finished(self.sheets)]
        right, bottom = (max(sizes) for sizes in zip(*(frame.size for frame in frames), strict=True))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        save_gif([ImageOps.expand(frame, (0, 0, right - frame.width, bottom - frame.height), PAPER) for frame in frames],
                 self.path, self.seconds)  # captions may be longer in one epoch than in another

    def _sheet(self, epoch: int) -> Tiles:
        raise NotImplementedError

    def _finished(self, sheets: list[Any]) -> Sequence[Tiles]:
        return sheets


class FilmOfKernels(_FilmOfSheets):
    """A callback that writes the kernels of a layer over the epochs as a GIF, all on one scale.

    A training that is interrupted writes nothing.

    Args:
        layer: a convolution of the model, or its name.
        path: the file, which must end in .gif.
        seconds: for how long each epoch is shown.
    Raises:
        KonvError: another ending, or `seconds` is not above 0.

    >>> FilmOfKernels("conv2d", "kernels.gif").layer
    'conv2d'
    """

    def _sheet(self, epoch: int) -> Kernels:
        sheet = kernels(self.model, [self.layer])[0]
        return replace(sheet, name=f"{sheet.name}, epoch {epoch}", kernels=sheet.kernels.copy())

    def _finished(self, sheets: list[Kernels]) -> list[Kernels]:
        strongest = max(sheet.strongest for sheet in sheets)
        return [replace(sheet, strongest=strongest) for sheet in sheets]


class FilmOfMaps(_FilmOfSheets):
    """A callback that writes the feature maps of a layer for one image over the epochs as a GIF; each map on its own scale.

    Args:
        layer: a layer of the model whose output is an image, or its name.
        path: the file, which must end in .gif.
        image: one image as the model takes it.
        seconds: for how long each epoch is shown.

    >>> FilmOfMaps("conv2d", "maps.gif", image=[[0, 1], [1, 0]]).path.name
    'maps.gif'
    """

    def __init__(self, layer: str | Layer, path: str | Path, image: Any, seconds: float = 0.5) -> None:
        super().__init__(layer, path, seconds)
        self.image = image

    def _sheet(self, epoch: int) -> FeatureMaps:
        sheet = feature_maps(self.model, self.image, [self.layer])[0]
        return replace(sheet, name=f"{sheet.name}, epoch {epoch}")


__all__ = ["FilmOfKernels", "FilmOfMaps"]
