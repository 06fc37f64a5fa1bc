"""Why a chain of layers cannot be built: the shapes up to the layer that fails, the reason, and changes that would work.

Every remedy is tried before it is offered: all shapes of the changed chain are inferred, to the last layer.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from konv.errors import KonvError, ShapeError
from konv.explain.languages.messages import check_language, say
from konv.ir.ops import Shape, describe
from konv.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D
from konv.layers.base import Layer
from konv.layers.input import InputLayer
from konv.models import Model
from konv.tracing.tensors import Tensor

MOST = 3  # remedies that are offered
Chain = list[Layer]
Change = tuple[str, dict[str, Any], Callable[[], tuple[Chain, Shape]]]  # message, its fields, what the chain becomes


@dataclass(frozen=True)
class Remedy:
    """A change of the chain that can be built, and what would come out at its end."""

    key: str
    fields: dict[str, Any]
    layers: tuple[Layer, ...]
    input_shape: Shape
    output_shape: Shape  # unbatched

    def text(self, lang: str | None = None) -> str:
        lang = check_language(lang)
        return say(self.key, lang, **self.fields) + " " + say("doc_gives", lang, shape=describe(self.output_shape))


@dataclass(frozen=True)
class Diagnosis:
    """`trail` are the layers that fit and what each gives; `layer` is the one that does not, None if all do."""

    input_shape: Shape
    trail: tuple[tuple[str, Shape], ...]
    layer: str | None
    why: str  # what the layer itself complains of
    key: str  # the message that says it in a sentence, and its fields; empty where `why` must do
    fields: dict[str, Any]
    remedies: tuple[Remedy, ...]
    lang: str = "en"

    @property
    def healthy(self) -> bool:
        return self.layer is None

    def text(self, lang: str | None = None) -> str:
        """Trail, reason and remedies, line by line."""
        return "\n".join(self._lines(check_language(lang or self.lang)))

    def _lines(self, lang: str) -> Iterator[str]:
        yield say("doc_trail", lang)
        rows = [("Input", self.input_shape), *self.trail]
        width = max(len(name) for name, _ in [*rows, (self.layer or "", ())])
        for name, shape in rows:
            yield f"  {name.ljust(width)}  {describe(shape)}"
        if self.layer is None:
            yield say("doc_healthy", lang)
            return
        yield f"  {self.layer.ljust(width)}  " + say("doc_fails", lang)
        yield say("doc_why", lang, reason=say(self.key, lang, **self.fields) if self.key else self.why)
        if self.remedies:
            yield say("doc_remedies", lang)
        for place, remedy in enumerate(self.remedies, 1):
            yield f"  {place}. {remedy.text(lang)}"

    def __str__(self) -> str:
        return self.text()


def doctor(layers: Sequence[Layer | Tensor], input_shape: Sequence[int | None] | None = None,
           lang: str | None = None) -> Diagnosis:
    """What is wrong with a chain of layers for samples of this shape (without the batch), and what would do.

    `input_shape` may be left out where the first layer is an Input or has an input_shape. The layers stay as they are.

    >>> import konv
    >>> found = doctor([konv.layers.Conv2D(8, 5, name="first"), konv.layers.Flatten()], (4, 4, 1))
    >>> found.layer, found.remedies[0].text()
    ('Conv2D "first"', 'padding "same" for Conv2D "first": the output is then (None, 128)')
    """
    language = check_language(lang)
    chain, shape = _chain(layers, input_shape)
    trail, failed, why = _walk(chain, shape)
    layer = None if failed is None else chain[failed].title
    remedies: list[Remedy] = []
    if failed is not None:
        for key, fields, change in _changes(chain, shape, failed, trail):
            remedy = _tried(key, fields, change)
            if remedy is not None and len(remedies) < MOST:
                remedies.append(remedy)
    key, fields = ("", {}) if failed is None else _reason(chain[failed], trail[-1] if trail else shape)
    return Diagnosis(shape, tuple((chain[place].title, found) for place, found in enumerate(trail)), layer, why, key, fields,
                     tuple(remedies), language)


def explained(error: ShapeError, layers: Sequence[Layer], input_shape: Shape) -> ShapeError:
    """The error, and below it the shapes up to the layer that does not fit and what would do."""
    try:
        return ShapeError(f"{error}\n{doctor(layers, input_shape)}")
    except (KonvError, TypeError):  # a layer of one's own that cannot be made anew
        return error


def _chain(layers: Sequence[Layer | Tensor], input_shape: Sequence[int | None] | None) -> tuple[Chain, Shape]:
    if isinstance(layers, Model):
        raise KonvError(f"doctor: {layers.title} could be built; doctor takes the layers of a chain that cannot, in a list")
    chain = [layer.layer if isinstance(layer, Tensor) else layer for layer in layers]
    for layer in chain:
        if not isinstance(layer, Layer):
            raise KonvError(f"doctor: expected layers, got {layer!r} of type {type(layer).__name__}")
    if chain and isinstance(chain[0], InputLayer):
        input_shape = chain[0].output.shape[1:] if input_shape is None else input_shape
        chain = chain[1:]
    elif input_shape is None and chain:
        input_shape = chain[0].declared_shape
    if input_shape is None:
        raise KonvError("doctor: the shape of a sample is not known; give input_shape=(28, 28, 1), or begin with an Input")
    return chain, tuple(input_shape)


def _walk(chain: Chain, shape: Shape) -> tuple[list[Shape], int | None, str]:
    """The output of each layer that fits, the place of the first that does not, and why."""
    trail: list[Shape] = []
    for place, layer in enumerate(chain):
        try:
            shape = tuple(_copy(layer).compute_output_shape((None, *shape))[1:])
        except KonvError as error:
            return trail, place, str(error).removeprefix(f"{layer.title}: ")
        trail.append(shape)
    return trail, None, ""


def _copy(layer: Layer, **changes: Any) -> Layer:
    """A layer of the same arguments but for some; not built, so that it may take other shapes."""
    if isinstance(layer, Model):
        return layer
    config = layer.get_config()
    return type(layer).from_config({**config, **changes})


def _tried(key: str, fields: dict[str, Any], change: Callable[[], tuple[Chain, Shape]]) -> Remedy | None:
    """The remedy, if the chain that it gives can be built."""
    try:
        chain, shape = change()
        trail, failed, _ = _walk(chain, shape)
    except KonvError:
        return None
    return None if failed is not None else Remedy(key, fields, tuple(chain), shape, trail[-1] if trail else shape)


def _reason(layer: Layer, came: Shape) -> tuple[str, dict[str, Any]]:
    """Why the layer does not fit, as the key of a sentence."""
    if _wants_images(layer) and len(came) != 3:
        return "doc_why_axes", {"shape": describe(came)}
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    if _wants_images(layer) and window is not None and len(came) == 3:
        sizes = came[1:] if getattr(layer, "data_format", "") == "channels_first" else came[:2]
        spread = getattr(layer, "dilation_rate", (1, 1))
        spans = tuple(apart * (taps - 1) + 1 for apart, taps in zip(spread, window, strict=True))
        if any(size is not None and span > size for span, size in zip(spans, sizes, strict=True)):
            return "doc_why_window", {"window": "x".join(map(str, spans)), "sizes": "x".join(map(str, sizes))}
    if None in came and not _wants_images(layer):
        return "doc_why_unknown", {"shape": describe(came)}
    return "", {}


# --- changes that may help, the most likely first ---------------------------------------------------------


def _changes(chain: Chain, shape: Shape, failed: int, trail: list[Shape]) -> Iterable[Change]:
    came = trail[-1] if trail else shape
    layer = chain[failed]
    for rule in (_batch_axis, _channel_axis, _channels_first, _flatten_later, _windows, _groups, _axis, _known_size, _flatten):
        yield from rule(chain, shape, failed, layer, came)


def _replaced(chain: Chain, place: int, *layers: Layer) -> Chain:
    return [*chain[:place], *layers, *chain[place + 1:]]


def _wants_images(layer: Layer) -> bool:
    planar = hasattr(layer, "data_format") and getattr(layer, "rank", 2) == 2 and not isinstance(layer, Flatten)
    return planar or layer.input_rank == 3


def _channel_axis(chain, shape, failed, layer, came) -> Iterable[Change]:
    """Images of one channel without an axis for it."""
    if _wants_images(layer) and len(shape) == 2 and len(came) == 2:
        new = (1, *shape) if getattr(layer, "data_format", "") == "channels_first" else (*shape, 1)
        yield "doc_channel_axis", {"shape": str(new), "old": str(shape)}, lambda: (chain, new)


def _batch_axis(chain, shape, failed, layer, came) -> Iterable[Change]:
    """The batch counted among the axes of a sample."""
    if _wants_images(layer) and len(came) == 4 and len(shape) == 4:
        yield "doc_batch_axis", {"shape": str(shape[1:]), "old": str(shape)}, lambda: (chain, shape[1:])


def _channels_first(chain, shape, failed, layer, came) -> Iterable[Change]:
    """Images whose first axis is that of the channels."""
    images = len(shape) == 3 and None not in shape and _wants_images(chain[0])
    if not images or shape[0] > 4 or min(shape[1:]) <= shape[0]:
        return
    if any(getattr(layer, "data_format", "channels_last") == "channels_first" for layer in chain):
        return
    turned = (*shape[1:], shape[0])
    yield "doc_channels_last", {"shape": str(turned), "old": str(shape)}, lambda: (chain, turned)
    yield "doc_channels_first", {}, lambda: (
        [_copy(layer, data_format="channels_first") if hasattr(layer, "data_format") else layer for layer in chain], shape)


def _flatten_later(chain, shape, failed, layer, came) -> Iterable[Change]:
    """An image layer behind a layer that makes vectors."""
    if not _wants_images(layer) or len(came) != 1:
        return
    flat = next((place for place in range(failed - 1, -1, -1)
                 if isinstance(chain[place], Flatten) or type(chain[place]).__name__.startswith("Global")), None)
    if flat is None:
        return
    last = max(place for place, other in enumerate(chain) if _wants_images(other))
    moved = [*chain[:flat], *chain[flat + 1:last + 1], chain[flat], *chain[last + 1:]]
    fields = {"layer": chain[flat].title, "after": chain[last].title}
    yield "doc_move", fields, lambda: (moved, shape)
    yield "doc_remove", {"layer": chain[flat].title}, lambda: (_replaced(chain, flat), shape)


def _windows(chain, shape, failed, layer, came) -> Iterable[Change]:
    """A window that is larger than what is left of the image."""
    if len(came) != 3 or not hasattr(layer, "padding") or not _wants_images(layer):
        return
    if layer.padding == "valid":
        yield "doc_same", {"layer": layer.title}, lambda: (_replaced(chain, failed, _copy(layer, padding="same")), shape)
    window = "kernel_size" if hasattr(layer, "kernel_size") else "pool_size"
    sizes = came[1:] if getattr(layer, "data_format", "") == "channels_first" else came[:2]
    old = getattr(layer, window, None)
    if old and None not in sizes:
        new = tuple(min(size, most) for size, most in zip(old, sizes, strict=True))
        changes: dict[str, Any] = {window: new}
        if new != old and min(new) > 0:
            yield "doc_window", {"layer": layer.title, "argument": window, "size": str(new), "old": str(old)}, lambda: (
                _replaced(chain, failed, _copy(layer, **changes)), shape)
    if max(getattr(layer, "dilation_rate", (1,))) > 1:
        yield "doc_dilation", {"layer": layer.title}, lambda: (_replaced(chain, failed, _copy(layer, dilation_rate=1)), shape)
    before = [place for place, other in enumerate(chain[:failed])
              if getattr(other, "padding", "") == "valid" and _wants_images(other)]
    if before:
        yield "doc_all_same", {"count": len(before) + (layer.padding == "valid")}, lambda: (
            [_copy(other, padding="same") if place in (*before, failed) else other for place, other in enumerate(chain)], shape)
    pools = [place for place in range(failed + 1) if hasattr(chain[place], "pool_size")]
    if pools and len(chain) > 1:
        yield "doc_fewer_pools", {"layer": chain[pools[-1]].title}, lambda: (_replaced(chain, pools[-1]), shape)
    yield from _larger_input(chain, shape)


def _larger_input(chain: Chain, shape: Shape) -> Iterable[Change]:
    """The least of some usual sizes that is enough."""
    if len(shape) != 3 or None in shape:
        return
    first, known = getattr(chain[0], "data_format", "") == "channels_first", tuple(size or 0 for size in shape)
    for size in (8, 16, 28, 32, 48, 64, 96, 128, 224, 256, 512):
        new = (shape[0], size, size) if first else (size, size, shape[2])
        if size > max(known[1:] if first else known[:2]) and _walk(chain, new)[1] is None:
            yield "doc_larger_input", {"shape": str(new), "old": str(shape)}, lambda new=new: (chain, new)
            return


def _groups(chain, shape, failed, layer, came) -> Iterable[Change]:
    """Channels that cannot be shared out among groups."""
    groups = getattr(layer, "groups", 1)
    if not isinstance(groups, int) or len(came) != 3:
        return
    channels = came[0] if getattr(layer, "data_format", "") == "channels_first" else came[-1]
    filters = getattr(layer, "filters", channels)
    if groups == 1 or channels is None or channels % groups == 0:
        return
    best = max(count for count in range(1, groups + 1) if channels % count == 0 and filters % count == 0)
    for count in dict.fromkeys((best, 1)):
        yield "doc_groups", {"layer": layer.title, "groups": count, "channels": channels}, lambda count=count: (
            _replaced(chain, failed, _copy(layer, groups=count)), shape)
    before = failed - 1
    if before >= 0 and isinstance(chain[before], Conv2D):
        more = -(-channels // groups) * groups
        yield "doc_filters", {"layer": chain[before].title, "filters": more}, lambda: (
            _replaced(chain, before, _copy(chain[before], filters=more)), shape)


def _known_size(chain, shape, failed, layer, came) -> Iterable[Change]:
    """Weights that depend on a size that is not known."""
    if None not in shape:
        return
    flat = next((place for place in range(failed, -1, -1) if isinstance(chain[place], Flatten)), None)
    if flat is not None:
        pool = GlobalAveragePooling2D(data_format=chain[flat].data_format, name=chain[flat].name)
        yield "doc_global_pool", {"layer": chain[flat].title}, lambda: (_replaced(chain, flat, pool), shape)
    filled = tuple(32 if size is None else size for size in shape)
    yield "doc_fixed", {"shape": str(filled), "old": str(shape)}, lambda: (chain, filled)


def _axis(chain, shape, failed, layer, came) -> Iterable[Change]:
    """A normalised axis that does not exist."""
    if isinstance(getattr(layer, "axis", None), int) and layer.axis != -1:
        yield "doc_axis", {"layer": layer.title}, lambda: (_replaced(chain, failed, _copy(layer, axis=-1)), shape)
    if hasattr(layer, "target_shape"):
        yield "doc_reshape", {"layer": layer.title}, lambda: (_replaced(chain, failed, _copy(layer, target_shape=(-1,))), shape)


def _flatten(chain, shape, failed, layer, came) -> Iterable[Change]:
    """Images where vectors are wanted; layers for images where vectors come."""
    if layer.input_rank == 1 and len(came) > 1:
        yield "doc_flatten", {"layer": layer.title}, lambda: (
            [*chain[:failed], Flatten(name="flatten_before"), *chain[failed:]], shape)
    if _wants_images(layer) and len(came) < 3:
        yield "doc_dense", {"layer": layer.title}, lambda: (
            _replaced(chain, failed, Dense(getattr(layer, "filters", 64), name=layer.name)), shape)
    if _wants_images(layer) and len(came) != 3 and len(chain) > 1:
        yield "doc_remove", {"layer": layer.title}, lambda: (_replaced(chain, failed), shape)


__all__ = ["Diagnosis", "Remedy", "doctor"]
