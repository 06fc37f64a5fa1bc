"""`model.summary()`: the table that Keras 3 prints, and the one that Keras 2 printed."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from konv.errors import KonvError, UnsupportedError
from konv.explain.facts.model_facts import class_name, readable_bytes, weight_bytes
from konv.layers.base import Layer
from konv.layers.input import InputLayer
from konv.models import Model, Sequential
from konv.models.model import require_built
from konv.tracing import tree


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    class_name: str
    shape: Any  # with the batch axis, a list of several outputs; None while it is unknown
    parameters: int | None  # None while the layer has no weights yet
    connections: tuple[str, ...]
    has_weights: bool
    trainable: bool
    is_input: bool
    level: int = 0


@dataclass(frozen=True)
class Options:
    """The arguments of `summary`, as Keras has them."""

    line_length: int | None
    positions: Sequence[float] | None
    print_fn: Callable[[str], Any] | None
    expand_nested: bool
    show_trainable: bool
    layer_range: Sequence[str] | None


def print_summary(model: Model, line_length: int | None = None, positions: Sequence[float] | None = None,
                  print_fn: Callable[[str], Any] | None = None, expand_nested: bool = False,
                  show_trainable: bool = False, layer_range: Sequence[str] | None = None,
                  style: str = "keras3") -> None:
    """Print the layers, output shapes and parameters of a model, as Keras 3 does or as Keras 2 did.

    Args:
        line_length: width of the table; None suits the terminal.
        positions: where the columns end, as parts of the line.
        print_fn: takes the text instead of the screen: the whole of it in the style of Keras 3, every line in the classic one.
        expand_nested: whether the layers of an inner model follow it.
        show_trainable: whether a column says which layers learn.
        layer_range: names, or patterns of them, of the first and the last layer.
        style: "keras3" or "classic".
    Raises:
        KonvError: there is no such style or layer, or the columns do not fit into the line.
        UnsupportedError: the classic style does not have that argument.
    """
    styles = {"keras3": _print_keras3, "classic": _print_classic}
    if style not in styles:
        raise KonvError(f"summary: style must be one of {', '.join(map(repr, styles))}, got {style!r}")
    styles[style](model, Options(line_length, positions, print_fn, expand_nested, show_trainable, layer_range))


# --- what both tables show ----------------------------------------------------------------------------


def is_chain(model: Model) -> bool:
    """Whether every layer reads the one before it: then a column of connections would tell nothing."""
    if isinstance(model, Sequential) or not model._order:  # built by its own build(), and not called yet
        return True
    calls = {id(tensor.call): tensor.call for tensor in model._order}.values()
    readers = Counter(id(source.call) for call in calls for source in call.inputs)
    return (all(len(call.inputs) <= 1 for call in calls) and len({id(call.layer) for call in calls}) == len(calls)
            and all(count <= 1 for count in readers.values()) and len(model.inputs) == 1)


def rows_of(model: Model, expand_nested: bool, layer_range: Sequence[str] | None) -> list[Row]:
    """The rows of the table; with `expand_nested` the layers of an inner model follow it."""
    layers = model.operations
    first, last = _range(layers, layer_range)
    connections = _connections(model)
    return [row for layer in layers[first:last] for row in _layer_rows(layer, connections, expand_nested, 0)]


def _layer_rows(layer: Any, connections: dict[int, tuple[str, ...]], expand_nested: bool, level: int) -> list[Row]:
    reads = connections.get(id(layer), ())
    if not isinstance(layer, Layer):  # a function of konv.ops
        return [Row(layer.name, layer.class_name, layer.output.shape, 0, reads, False, True, False, level)]
    parameters = layer.count_params() if layer.built else None
    rows = [Row(layer.name, class_name(layer), _output_shape(layer), parameters, reads,
                bool(layer.weights), layer.trainable, isinstance(layer, InputLayer), level)]
    if expand_nested and isinstance(layer, Model):
        for inner in layer.layers:
            rows += _layer_rows(inner, connections, True, level + 1)
    return rows


def _output_shape(layer: Layer) -> Any:
    """Batch axis first; of several outputs a list. Of a layer that was called on several shapes, the last, as in Keras."""
    call = layer._tracing.last_call
    outputs = call.outputs if call else [leaf for leaf in tree.flatten(getattr(layer, "output", None)) if leaf is not None]
    if not outputs and not (layer.built and layer.input_shapes):
        return None
    shapes = [output.shape for output in outputs] or list(_shapes(
        layer.compute_output_shape(*((None, *shape) for shape in layer.input_shapes))))
    return shapes[0] if len(shapes) == 1 else shapes


def _shapes(nest: Any) -> Iterator[tuple[int | None, ...]]:
    """All shapes in what a `compute_output_shape`, perhaps of the user's, gives."""
    if isinstance(nest, tuple) and all(isinstance(size, (int, type(None))) for size in nest):
        yield nest
    else:
        for part in nest.values() if isinstance(nest, Mapping) else nest:
            yield from _shapes(part)


def _connections(model: Model) -> dict[int, tuple[str, ...]]:
    """For each layer what it reads, as name[call][output]."""
    if model.is_composed:
        return {}
    found: dict[int, tuple[str, ...]] = {}
    for call in sorted(dict.fromkeys(tensor.call for tensor in model._order), key=lambda call: call.number):
        reads = tuple(f"{source.layer.name}[{source.call.number}][{source.place}]" for source in call.inputs)
        found[id(call.layer)] = found.get(id(call.layer), ()) + reads
    return found


def _range(layers: Sequence[Any], layer_range: Sequence[str] | None) -> tuple[int, int]:
    """From the first layer that matches one pattern to the last that matches the other, whichever way round."""
    if layer_range is None:
        return 0, len(layers)
    if isinstance(layer_range, str) or len(layer_range) != 2 or not all(isinstance(end, str) for end in layer_range):
        raise KonvError(f"summary: layer_range must be two layer names or patterns, got {layer_range!r}")
    starts, ends = ([index for index, layer in enumerate(layers) if re.match(pattern, layer.name)]
                    for pattern in layer_range)
    if not starts or not ends:
        names = ", ".join(layer.name for layer in layers)
        raise KonvError(f"summary: layer_range={list(layer_range)!r} matches no layers; there are: {names}")
    if min(starts) > max(ends):
        starts, ends = ends, starts
    return min(starts), max(ends) + 1


# --- Keras 3 ------------------------------------------------------------------------------------------


def _print_keras3(model: Model, options: Options) -> None:
    from rich.console import Console

    table = _rich_table(model, options)
    plain: dict[str, Any] = {"force_terminal": False, "color_system": None} if options.print_fn else {}
    console = Console(highlight=False, **plain)
    if options.print_fn:
        console.begin_capture()
    console.print(_text(('Model: "' + model.name + '"', "bold")))
    console.print(table)
    for label, count, size in counts(model):
        numbers = (f"{count:,}", "color(34)"), (f" ({readable_bytes(size)})", "")
        console.print(_text((f" {label} params: ", "bold"), *numbers))
    if options.print_fn:
        options.print_fn(console.end_capture())


def counts(model: Model) -> list[tuple[str, int, int]]:
    """(label, number, bytes) of the lines below the table; the total includes the state of a built optimizer."""
    groups = [("Trainable", model.trainable_weights), ("Non-trainable", model.non_trainable_weights)]
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        groups.append(("Optimizer", optimizer.variables))
    found = [(label, sum(v.size for v in variables), weight_bytes(variables)) for label, variables in groups]
    return [("Total", sum(count for _, count, _ in found), sum(size for *_, size in found)), *found]


def _rich_table(model: Model, options: Options) -> Any:
    from rich.table import Table

    chain = is_chain(model)
    columns = [("Layer (type)", "left"), ("Output Shape", "left"), ("Param #", "right")]
    columns += [] if chain else [("Connected to", "left")]
    width, ends = (88, [0.45, 0.80, 1.0]) if chain else (108, [0.3, 0.56, 0.74, 1.0])
    ends = list(options.positions or ends)
    if options.show_trainable:
        columns.append(("Trainable", "center"))
        width, ends = width + 12, [end * 0.90 for end in ends] + [1.0]
    width = options.line_length or min(width, shutil.get_terminal_size().columns - 4)
    table = Table(width=width, show_lines=True)
    for (name, justify), size in zip(columns, _widths(ends, width), strict=False):
        table.add_column(name, justify=justify, width=size)  # type: ignore[arg-type]
    for row in rows_of(model, options.expand_nested, options.layer_range):
        table.add_row(*_cells(row, chain, options.show_trainable))
    return table


def _widths(ends: Sequence[float], line_length: int) -> list[int]:
    """Column widths from the columns' ends, as parts of the line."""
    columns = [0, *(int(end * line_length) for end in ends)]
    widths = [end - start for start, end in pairwise(columns)]
    if min(widths) < 4:
        raise KonvError(f"summary: line_length={line_length} is too narrow for {len(widths)} columns")
    return widths


def _cells(row: Row, chain: bool, show_trainable: bool) -> list[Any]:
    prefix = "   " * row.level + "└ " if row.level else ""
    unbuilt = " (unbuilt)" if row.parameters is None else ""
    cells = [
        _text((f"{prefix}{row.name} (", ""), (row.class_name, "color(33)"), (")", "")),
        _shape_text(row.shape),
        _text((f"{row.parameters or 0:,}", "color(34)"), (unbuilt, "")),
    ]
    if not chain:
        cells.append(_text((", ".join(row.connections) or "-", "")))
    if show_trainable:
        mark = "-" if not row.has_weights else "Y" if row.trainable else "N"
        cells.append(_text((mark, {"-": "bold", "Y": "bold color(34)", "N": "bold color(9)"}[mark])))
    return cells


def _shape_text(shape: Any) -> Any:
    if shape is None:
        return "?"
    if isinstance(shape, list):
        text = _text(("[", ""))
        for index, one in enumerate(shape):
            text = text + _text((", " * bool(index), "")) + _shape_text(one)
        return text + _text(("]", ""))
    parts: list[tuple[str, str]] = [("(", "")]
    for index, size in enumerate(shape):
        parts += [(", ", "")] * bool(index) + [(str(size), "color(45)" if size is None else "color(34)")]
    return _text(*parts, (")", ""))


def _text(*parts: tuple[str, str]) -> Any:
    from rich.text import Text

    return Text.assemble(*parts)


# --- Keras 2 ------------------------------------------------------------------------------------------


def _print_classic(model: Model, options: Options) -> None:
    for argument in ("expand_nested", "show_trainable"):
        if getattr(options, argument):
            raise UnsupportedError(f'summary: {argument}=True is not part of style="classic"; use style="keras3"')
    require_built(model)
    for line in _classic_lines(model, options):
        (options.print_fn or print)(line)


def _classic_lines(model: Model, options: Options) -> list[str]:
    chain = is_chain(model)
    width = options.line_length or (65 if chain else 98)
    ends = list(options.positions or ([0.45, 0.85, 1.0] if chain else [0.33, 0.55, 0.67, 1.0]))
    stops = [int(width * end) for end in ends] if ends[-1] <= 1 else [int(end) for end in ends]
    head = ["Layer (type)", "Output Shape", "Param #"] + ["Connected to"] * (not chain)
    lines = [f'Model: "{model.name}"', "_" * width, _classic_line(head, stops), "=" * width]
    rows = rows_of(model, False, options.layer_range)
    for row in rows:
        fields = [f"{row.name} ({row.class_name})", _classic_shape(row), str(row.parameters)]
        first, *more = row.connections if row.connections and not chain else ("",)
        lines.append(_classic_line([*fields, *([] if chain else [first])], stops))
        lines += [_classic_line(["", "", "", name], stops) for name in more]
        lines.append(("=" if row is rows[-1] else "_") * width)
    known = {label: count for label, count, _ in counts(model)}
    lines += [f"Total params: {known['Trainable'] + known['Non-trainable']:,}",
              f"Trainable params: {known['Trainable']:,}", f"Non-trainable params: {known['Non-trainable']:,}"]
    return [*lines, "_" * width]


def _classic_shape(row: Row) -> str:
    shape = str(row.shape)
    return f"[{shape}]" if row.is_input else shape


def _classic_line(fields: Sequence[str], stops: Sequence[int]) -> str:
    """Every field ends before its stop, cut off where it is too long, and one blank parts it from the next."""
    line = ""
    for field, stop in zip(fields, stops, strict=False):
        line = f"{line[:-1]} " if line else ""
        line = (line + field)[:stop].ljust(stop)
    return line
