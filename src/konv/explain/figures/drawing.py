"""A model as a picture: the graph of its layers, or the sizes of what they give, from the image to the answer."""

from dataclasses import dataclass
from math import log2

from konv.errors import KonvError
from konv.explain.facts.model_facts import class_name, model_facts, require_built
from konv.explain.figures.base import Figure
from konv.explain.figures.svg import Sheet, text_width
from konv.explain.languages.messages import check_language, say
from konv.explain.text.formats import explain
from konv.ir.ops import Shape, describe
from konv.layers.base import Layer
from konv.models import Model

VIEWS = ("graph", "layers")
ROW, GAP, HEIGHT, LANE = 76, 30, 50, 18  # pixels: from one row of boxes to the next, between boxes, of a box, between arrows


@dataclass(frozen=True)
class Box:
    """One call of a layer: `inputs` are the places of the boxes that it reads."""

    name: str
    class_name: str
    shape: Shape
    parameters: int
    inputs: tuple[int, ...]
    channels_first: bool = False


Boxes = tuple[Box, ...]
Path = list[tuple[int, int]]  # (row, column) of each lane that an arrow passes


@dataclass(frozen=True)
class Drawing(Figure):
    """The boxes of a model in the order in which they run."""

    model: Model
    boxes: Boxes
    view: str
    lang: str = "en"

    def lines(self, lang: str) -> list[str]:
        """A line for each layer."""
        return explain(self.model, lang, "terse").split("\n")

    def sheet(self, lang: str) -> Sheet:
        """The boxes, and the title above them."""
        title = say("draw_title", lang, title=self.model.title, count=sum(bool(box.inputs) for box in self.boxes),
                    parameters=model_facts(self.model).parameters)
        sheet = Sheet(title, self.text(lang))
        (_draw_graph if self.view == "graph" else _draw_layers)(sheet, self.boxes, lang)
        sheet.heading(title, above=26)
        return sheet


def drawing(model: Model, view: str = "graph", lang: str | None = None) -> Drawing:
    """A built model as a picture of its layers.

    Args:
        model: a built model.
        view: "graph" draws boxes and arrows, "layers" blocks as large as what the layers give.
        lang: "en" or "ko"; None is the language that is set.

    >>> import konv
    >>> x = konv.Input((8, 8, 3))
    >>> y = konv.layers.Conv2D(3, 3, padding="same", name="branch")(x)
    >>> figure = drawing(konv.Model(x, konv.layers.Add(name="sum")([x, y])))
    >>> figure.boxes[2].inputs, figure.svg().count("<rect") > 3
    ((0, 1), True)
    """
    if view not in VIEWS:
        raise KonvError(f"drawing: view must be one of {', '.join(map(repr, VIEWS))}, got {view!r}")
    require_built(model)
    places = {id(tensor): place for place, tensor in enumerate(model._order)}
    boxes = tuple(
        Box(tensor.layer.name, class_name(tensor.layer), tensor.shape[1:],
            tensor.layer.count_params() if tensor.inputs and isinstance(tensor.layer, Layer) else 0,
            tuple(places[id(source)] for source in tensor.inputs),
            getattr(tensor.layer, "data_format", "") == "channels_first")
        for tensor in model._order)
    return Drawing(model, boxes, view, check_language(lang))


# --- boxes and arrows -----------------------------------------------------------------------------------


def _draw_graph(sheet: Sheet, boxes: Boxes, lang: str) -> None:
    rows, columns, bends = _layout(boxes)
    labels = [_label(box, lang) for box in boxes]
    width = max(text_width(line, 12) for lines in labels for line in lines) + 24  # bold letters are wider
    middles = _middles(set(columns), max((column for path in bends.values() for _, column in path), default=0), width)
    where = [(middles[column] - width / 2, row * ROW) for row, column in zip(rows, columns, strict=True)]
    for place, box in enumerate(boxes):
        for source in box.inputs:
            (x0, y0), (x1, y1) = where[source], where[place]
            lanes = [middles[column] for _, column in bends[source, place]]
            sheet.line(_right_angles(x0 + width / 2, y0 + HEIGHT, lanes, x1 + width / 2, y1), "quiet-line", arrow=True)
    for (x, y), lines, box in zip(where, labels, boxes, strict=True):
        sheet.rect(x, y, width, HEIGHT, "paper")
        sheet.rect(x, y, width, HEIGHT, _style(box), 0.14, rx=6)
        sheet.rect(x, y, width, HEIGHT, f"{_style(box)}-line", rx=6)
        sheet.text(x + 12, y + 17, lines[0], 11, "ink", bold=True)
        sheet.text(x + 12, y + 35, lines[1], 11, "quiet")


def _middles(boxed: set[int], last: int, width: float) -> list[float]:
    """Where the middle of each column is; one through which arrows alone pass is narrow."""
    found, left = [], 0.0
    for column in range(max({*boxed, last}) + 1):
        size = width if column in boxed else 0
        found.append(left + size / 2)
        left += size + (GAP if column in boxed else LANE)
    return found


def _right_angles(x0: float, y0: float, lanes: list[float], x1: float, y1: float) -> list[tuple[float, float]]:
    """Down, across between two rows where the lane is another one, and so on to the box."""
    points, half = [(x0, y0)], (ROW - HEIGHT) / 2
    for step, x in enumerate([*lanes, x1]):
        if x != points[-1][0]:
            y = y0 + step * ROW + half
            points += [(points[-1][0], y), (x, y)]
    return [*points, (x1, y1)]


def _label(box: Box, lang: str) -> tuple[str, str]:
    count = say("parameters_count", lang, count=f"{box.parameters:,}")
    return f"{box.class_name} {box.name}", f"{describe(box.shape)}" + (f" · {count}" if box.parameters else "")


def _style(box: Box) -> str:
    """Layers with windows, normalisations and dense layers by colour; what has no weights is grey."""
    kinds = (("Conv", "c0"), ("Dense", "c3"), ("Norm", "c2"), ("Pool", "c1"))
    return next((style for word, style in kinds if word in box.class_name), "line")


def _layout(boxes: Boxes) -> tuple[list[int], list[int], dict[tuple[int, int], Path]]:
    """Row and column of each box, and for each arrow the (row, column) where it passes rows between."""
    rows: list[int] = []
    for box in boxes:
        rows.append(1 + max((rows[source] for source in box.inputs), default=-1))
    taken: dict[int, set[int]] = {row: set() for row in rows}
    columns: list[int] = [0] * len(boxes)
    bends: dict[tuple[int, int], Path] = {}
    for place in sorted(range(len(boxes)), key=lambda place: rows[place]):
        sources = boxes[place].inputs
        wanted = min((columns[source] for source in sources), default=0)
        columns[place] = _free(taken[rows[place]], wanted)
        for source in sources:
            path, column = [], columns[source]
            for row in range(rows[source] + 1, rows[place]):
                column = _free(taken.setdefault(row, set()), column if path else max(column, 0))
                path.append((row, column))
            bends[source, place] = path
    return rows, columns, bends


def _free(taken: set[int], wanted: int) -> int:
    """The nearest column to the right that nothing stands in, and takes it."""
    while wanted in taken:
        wanted += 1
    taken.add(wanted)
    return wanted


# --- blocks ---------------------------------------------------------------------------------------------


def _draw_layers(sheet: Sheet, boxes: Boxes, lang: str) -> None:
    start, edges = 0.0, []
    below = max(_block(box)[1] for box in boxes) / 2 + 18
    for box in boxes:
        width, height, depth = _block(box)
        lines = (box.name, describe(box.shape), f"{box.parameters:,}" if box.parameters else "")
        room = max(width + depth / 2, *(text_width(line, 9) for line in lines))
        x = start + (room - width - depth / 2) / 2  # the block in the middle of its label, or the other way round
        _cuboid(sheet, x, -height / 2, width, height, depth, _style(box))
        edges.append((x + (width + depth) / 2, -height / 2 - depth / 2))
        for row, line in enumerate(lines):
            sheet.text(start + room / 2, below + 13 * row, line, 9, "quiet" if row else "ink", "middle")
        start += room + 20
    for place, box in enumerate(boxes):
        for source in box.inputs:
            if place - source > 1:  # a branch that passes others by
                (x0, _), (x1, _) = edges[source], edges[place]
                top = min(edge[1] for edge in edges[source:place + 1]) - 14 - 6 * (place - source)
                sheet.line([(x0, edges[source][1]), (x0, top), (x1, top), (x1, edges[place][1])], "quiet-line", arrow=True)


def _block(box: Box) -> tuple[float, float, float]:
    """Width by channels, height and depth by rows and columns; on a scale of powers of two, so that all can be seen."""
    sizes = [size or 1 for size in box.shape] or [1]
    if len(sizes) == 3:
        rows, columns, channels = (*sizes[1:], sizes[0]) if box.channels_first else sizes
        return 4 + 5 * log2(channels + 1), 14 * log2(rows + 1), 6 * log2(columns + 1)
    return 7, 12 * log2(sizes[-1] + 1), 3


def _cuboid(sheet: Sheet, x: float, y: float, width: float, height: float, depth: float, style: str) -> None:
    """A block seen a little from the right and from above."""
    shift = depth / 2
    sheet.rect(x, y, width, height, style, 0.35)
    sheet.rect(x, y, width, height, f"{style}-line")
    for corners in ([(x, y), (x + shift, y - shift), (x + width + shift, y - shift), (x + width, y)],
                    [(x + width, y), (x + width + shift, y - shift), (x + width + shift, y + height - shift),
                     (x + width, y + height)]):
        sheet.shape(corners, style, 0.2)


__all__ = ["Box", "Drawing", "drawing"]
