"""Where windows stand in Keras and where in PyTorch: the same arguments, other pixels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from konv.errors import KonvError
from konv.explain.facts.model_facts import require_built
from konv.explain.figures.base import Figure
from konv.explain.figures.svg import Sheet, text_width
from konv.explain.languages.messages import check_language, say
from konv.ir.window import Axis, EvenAxis, Window
from konv.layers import ZeroPadding2D, parse
from konv.layers.base import Layer
from konv.models import Model

CELL, DRAWN, LISTED = 22, 9, 12  # pixels of a cell; rows or columns that are drawn; pixels of windows that are listed
Axes = tuple[Axis, ...]


@dataclass(frozen=True)
class PaddingFigure(Figure):
    """The same window over the same images, padded by both libraries."""

    keras: Axes
    torch: Axes
    lang: str = "en"

    @property
    def equal(self) -> bool:
        """Whether both read the same pixels."""
        return all((ours.before, ours.output) == (theirs.before, theirs.output)
                   for ours, theirs in zip(self.keras, self.torch, strict=True))

    def lines(self, lang: str) -> Iterator[str]:
        """Both libraries one below the other, and whether it makes a difference."""
        yield self.title(lang)
        for head, axes in self.panels(lang):
            yield from ("", head, *(f"  {line}" for line in panel_lines(axes, lang)))
        yield from ("", say("pads_dot", lang), *self.verdict(lang))

    def sheet(self, lang: str) -> Sheet:
        """Both libraries side by side."""
        verdict = self.verdict(lang)
        sheet = Sheet(self.title(lang), " ".join(verdict))
        left, above = 0.0, max(self.keras[0].before, self.torch[0].before)
        below = max(_below(self.keras[0]), _below(self.torch[0]))
        for head, axes in self.panels(lang):
            left += _draw(sheet, left, (above, below), head, axes, lang) + 48
        corner = [say("pads_corner", lang)] if max(axis.size for axis in self.keras) > DRAWN else []
        notes = [*corner, say("pads_drawn", lang), say("pads_dot", lang), *verdict]
        sheet.notes(notes, inked=range(len(notes) - len(verdict), len(notes)))
        sheet.heading(self.title(lang), above=22)
        return sheet

    def title(self, lang: str) -> str:
        return say("pads_title", lang, size=_times(axis.size for axis in self.keras),
                   kernel=_times(axis.kernel for axis in self.keras), strides=_times(axis.stride for axis in self.keras))

    def panels(self, lang: str) -> list[tuple[str, Axes]]:
        return [(say("pads_keras", lang), self.keras),
                (say("pads_torch", lang, padding=_both(self.torch)), self.torch)]

    def verdict(self, lang: str) -> list[str]:
        """Whether it makes a difference, and what would do."""
        if self.equal:
            return [say("pads_equal", lang)]
        rows, columns = (theirs.before - ours.before for ours, theirs in zip(self.keras, self.torch, strict=True))
        lower = min(rows, columns) >= 0 < rows + columns
        where = say("pads_differ", lang, rows=rows, columns=columns) if lower else say("pads_other", lang)
        return [where, say("pads_way", lang, padding=_both(self.torch))]


def paddings(image_size: Any, kernel_size: Any, strides: Any = 1, dilation_rate: Any = 1, padding: Any = None,
             lang: str | None = None) -> PaddingFigure:
    """The pixels under the windows of padding="same" in Keras and of padding= in PyTorch, side by side.

    Args:
        image_size: height and width; an int means both, here and below.
        kernel_size: height and width of the window.
        strides: step of the window.
        dilation_rate: distance of its taps.
        padding: that of PyTorch; None is half of the window, as it is mostly given.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        KonvError: PyTorch's window does not fit.

    >>> print(paddings(6, 3, strides=2).text().splitlines()[-2])
    they read different pixels: the windows of Keras begin further down (rows: 1) and further right (columns: 1)
    >>> paddings(6, 3).equal
    True
    """
    size, kernel, steps, dilation = (parse.pair(value, name) for value, name in (
        (image_size, "image_size"), (kernel_size, "kernel_size"), (strides, "strides"), (dilation_rate, "dilation_rate")))
    ours = Window(kernel, steps, "same", dilation).axes(*size)
    half = tuple((axis.extent - 1) // 2 for axis in ours)
    both = half if padding is None else parse.several(padding, 2, "padding", least=0)
    theirs = tuple(EvenAxis(axis.size, axis.kernel, axis.stride, axis.dilation, both=count)
                   for axis, count in zip(ours, both, strict=True))
    if any(axis.output < 1 for axis in theirs):
        raise KonvError(f"paddings: a window of {_times(axis.extent for axis in theirs)} does not fit into images of "
                        f"{_times(size)} with padding={both}; give a larger one")
    return PaddingFigure(ours, theirs, check_language(lang))


def padded_layers(model: Model, lang: str | None = None) -> dict[str, PaddingFigure]:
    """The layers that a ZeroPadding2D pads as PyTorch does, by name, with pictures of what padding="same" would read instead.

    Args:
        model: a built model.
        lang: "en" or "ko"; None is the language that is set.

    >>> import konv
    >>> model = konv.Sequential([konv.Input((6, 6, 1)), konv.layers.ZeroPadding2D(1), konv.layers.Conv2D(2, 3, 2, name="conv")])
    >>> padded_layers(model)["conv"].equal
    False
    """
    language = check_language(lang)
    require_built(model)
    found = {}
    for tensor in model._order:
        before: Any = tensor.inputs[0] if len(tensor.inputs) == 1 else tensor
        pad = before.layer
        if before is tensor or not isinstance(pad, ZeroPadding2D) or pad.data_format != "channels_last" or (
                not isinstance(tensor.layer, Layer)):
            continue
        (top, bottom), (left, right) = pad.padding
        op: Any = next((node.op for node in tensor.layer.graph(before.sample).nodes if hasattr(node.op, "window")), None)
        window: Any = getattr(op, "window", None)
        sizes = before.inputs[0].shape[1:3]
        valid = type(window) is Window and window.padding == "valid" and op.data_format == "channels_last"
        if valid and None not in sizes and (top, left) == (bottom, right):
            found[tensor.layer.name] = paddings(sizes, window.kernel, window.strides, window.dilation, (top, left), language)
    return found


def panel_lines(axes: Axes, lang: str) -> list[str]:
    """Padding on four sides, the size of the output, the pixels of each window."""
    rows, columns = axes
    return [say("padding_sides", lang, top=rows.before, bottom=rows.after, left=columns.before, right=columns.after),
            say("pads_output", lang, size=_times(axis.output for axis in axes)),
            say("pads_rows", lang, windows=_windows(rows)), say("pads_columns", lang, windows=_windows(columns))]


def _windows(axis: Axis) -> str:
    """[· 0 1] [1 2 3] … [7 8 9]"""
    places = list(range(axis.output))
    count = max(LISTED // axis.kernel, 2)
    shown = places if len(places) <= count + 1 else [*places[:count], None, places[-1]]
    return " ".join("…" if place is None else "[" + " ".join(
        "·" if pixel is None else str(pixel) for _, pixel in axis.reads(place)) + "]" for place in shown)


def _times(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes))


def _both(axes: Axes) -> str:
    """1, or (1, 0) where it differs."""
    first, second = (axis.before for axis in axes)
    return str(first) if first == second else f"({first}, {second})"


def _below(axis: Axis) -> int:
    """Rows of padding below what is drawn of the image."""
    return axis.after if axis.size <= DRAWN else 0


def _draw(sheet: Sheet, left: float, room: tuple[int, int], head: str, axes: Axes, lang: str) -> float:
    """One library, with room for so many rows above and below the image as either pads; how wide it has become."""
    shown = [min(axis.size, DRAWN) for axis in axes]
    (rows, columns), (height, width) = axes, (count * CELL for count in shown)
    before = [axis.before * CELL for axis in axes]
    after = [_below(axis) * CELL for axis in axes]
    top, x = 30.0, left + before[1] + 20
    y = top + room[0] * CELL + 20
    padded = x - before[1], y - before[0], width + before[1] + after[1], height + before[0] + after[0]
    sheet.rect(*padded, "blank")
    sheet.rect(*padded, "quiet-line", stroke_dasharray="4 3")
    sheet.grid(x, y, shown[0], shown[1], CELL, "c0", 0.14)
    for axis, (count, at) in enumerate(zip(shown, ((x - before[1] - 10, y), (x, y - before[0] - 10)), strict=True)):
        for place in range(count):
            middle = (place + 0.5) * CELL
            sheet.text(at[0] + (middle if axis else 0), at[1] + (0 if axis else middle), str(place), 9, "quiet", "middle")
    for row in range(rows.output):
        for column in range(columns.output):
            begins = (row * rows.stride - rows.before, column * columns.stride - columns.before)
            if begins[0] < shown[0] and begins[1] < shown[1]:
                sheet.circle(x + (begins[1] + 0.5) * CELL, y + (begins[0] + 0.5) * CELL, 3, "window")
    sheet.rect(x - before[1], y - before[0], columns.extent * CELL, rows.extent * CELL, "window-line", stroke_width=2)
    lines = panel_lines(axes, lang)
    sheet.text(left, top - 8, head, 13, bold=True)
    bottom = y + height + room[1] * CELL + 24
    for place, line in enumerate(lines):
        sheet.text(left, bottom + 18 * place, line, 12, "quiet")
    return max(padded[2] + 40, text_width(head, 13), *(text_width(line, 12) for line in lines))


__all__ = ["PaddingFigure", "padded_layers", "paddings"]
