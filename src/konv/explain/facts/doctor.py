"""Why a chain of layers cannot be built: the shapes up to the layer that fails, the reason, and changes that would work.

Every remedy is tried before it is offered: all shapes of the changed chain are inferred, to the last layer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
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


@dataclass(frozen=True)
class Change:
    """What may be done: the key of a message, its fields, and how to make the chain and the shape of its samples."""

    key: str
    fields: Mapping[str, Any]
    make: Callable[[], tuple[Chain, Shape]]


@dataclass(frozen=True)
class Remedy:
    """A change of the chain that can be built.

    Attributes:
        key, fields: the message that says what to do.
        layers, input_shape: the changed chain and the shape of its samples.
        output_shape: what would come out at its end, unbatched.
    """

    key: str
    fields: Mapping[str, Any]
    layers: tuple[Layer, ...]
    input_shape: Shape
    output_shape: Shape

    def text(self, lang: str | None = None) -> str:
        lang = check_language(lang)
        return say(self.key, lang, **self.fields) + " " + say("doc_gives", lang, shape=describe(self.output_shape))


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a chain of layers.

    Attributes:
        input_shape: of a sample.
        trail: the layers that fit, and what each gives.
        layer: the one that does not; None if all do.
        why: what that layer itself complains of.
        key, fields: the message that says it in a sentence; empty where `why` must do.
        remedies: what would do, the most likely first.
    """

    input_shape: Shape
    trail: tuple[tuple[str, Shape], ...]
    layer: str | None
    why: str
    key: str
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
        for number, remedy in enumerate(self.remedies, 1):
            yield f"  {number}. {remedy.text(lang)}"

    def __str__(self) -> str:
        return self.text()


def doctor(layers: Sequence[Layer | Tensor], input_shape: Sequence[int | None] | None = None,
           lang: str | None = None) -> Diagnosis:
    """What is wrong with a chain of layers, and what would do.

    Args:
        layers: in the order in which they run; they stay as they are.
        input_shape: of a sample, without the batch; None where the first layer is an Input or has an input_shape.
        lang: "en" or "ko"; None is the language that is set.
    Raises:
        KonvError: the shape of a sample is not known, or something is not a layer.

    >>> import konv
    >>> found = doctor([konv.layers.Conv2D(8, 5, name="first"), konv.layers.Flatten()], (4, 4, 1))
    >>> found.layer, found.remedies[0].text()
    ('Conv2D "first"', 'padding "same" for Conv2D "first": the output is then (None, 128)')
    """
    language = check_language(lang)
    chain, shape = _chain(layers, input_shape)
    trail, failed, why = _walk(chain, shape)
    shown = tuple((chain[index].title, found) for index, found in enumerate(trail))
    if failed is None:
        return Diagnosis(shape, shown, None, why, "", {}, (), language)
    case = Case(chain, shape, failed, trail[-1] if trail else shape)
    tried = (_tried(change) for rule in RULES for change in rule(case))
    remedies = tuple(islice((remedy for remedy in tried if remedy), MOST))
    return Diagnosis(shape, shown, case.layer.title, why, *_reason(case.layer, case.came), remedies, language)


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
    """The output of each layer that fits, the index of the first that does not, and why."""
    trail: list[Shape] = []
    for index, layer in enumerate(chain):
        try:
            shape = tuple(_copy(layer).compute_output_shape((None, *shape))[1:])
        except KonvError as error:
            return trail, index, str(error).removeprefix(f"{layer.title}: ")
        trail.append(shape)
    return trail, None, ""


def _copy(layer: Layer, **changes: Any) -> Layer:
    """A layer of the same arguments but for some; not built, so that it may take other shapes."""
    if isinstance(layer, Model):
        return layer
    config = layer.get_config()
    return type(layer).from_config({**config, **changes})


def _tried(change: Change) -> Remedy | None:
    """The remedy, if the chain that it gives can be built."""
    try:
        chain, shape = change.make()
        trail, failed, _ = _walk(chain, shape)
    except KonvError:
        return None
    if failed is not None:
        return None
    return Remedy(change.key, change.fields, tuple(chain), shape, trail[-1] if trail else shape)


def _wants_images(layer: Layer) -> bool:
    planar = hasattr(layer, "data_format") and getattr(layer, "rank", 2) == 2 and not isinstance(layer, Flatten)
    return planar or layer.input_rank == 3


def _has_channels_first(layer: Layer) -> bool:
    return getattr(layer, "data_format", "") == "channels_first"


def _reason(layer: Layer, came: Shape) -> tuple[str, dict[str, Any]]:
    """Why the layer does not fit, as the key of a sentence."""
    if _wants_images(layer) and len(came) != 3:
        return "doc_why_axes", {"shape": describe(came)}
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    if _wants_images(layer) and window is not None:
        sizes = came[1:] if _has_channels_first(layer) else came[:2]
        dilation = getattr(layer, "dilation_rate", (1, 1))
        spans = tuple(apart * (taps - 1) + 1 for apart, taps in zip(dilation, window, strict=True))
        if any(size is not None and span > size for span, size in zip(spans, sizes, strict=True)):
            return "doc_why_window", {"window": "x".join(map(str, spans)), "sizes": "x".join(map(str, sizes))}
    if None in came and not _wants_images(layer):
        return "doc_why_unknown", {"shape": describe(came)}
    return "", {}


# --- changes that may help, the most likely first ---------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A chain, the shape of its samples, the index of the layer that fails, and the shape that comes to it."""

    chain: Chain
    shape: Shape
    failed: int
    came: Shape

    @property
    def layer(self) -> Layer:
        return self.chain[self.failed]

    def other_shape(self, key: str, shape: Shape) -> Change:
        """The same chain for samples of another shape."""
        return Change(key, {"shape": str(shape), "old": str(self.shape)}, lambda: (self.chain, shape))

    def other_chain(self, key: str, chain: Callable[[], Chain], **fields: Any) -> Change:
        """Another chain for the same samples."""
        return Change(key, fields, lambda: (chain(), self.shape))

    def other_layer(self, key: str, index: int, *, said: Mapping[str, Any] | None = None, **arguments: Any) -> Change:
        """The same chain, with other arguments for one layer."""
        layer = self.chain[index]
        return self.other_chain(key, lambda: self.replaced(index, _copy(layer, **arguments)), layer=layer.title, **(said or {}))

    def removed(self, key: str, index: int) -> Change:
        """The chain without one layer."""
        return self.other_chain(key, lambda: self.replaced(index), layer=self.chain[index].title)

    def replaced(self, index: int, *layers: Layer) -> Chain:
        """The chain with other layers, or none, in the place of one."""
        return [*self.chain[:index], *layers, *self.chain[index + 1:]]


def _channel_axis(case: Case) -> Iterable[Change]:
    """Images of one channel without an axis for it."""
    if _wants_images(case.layer) and len(case.shape) == 2 and len(case.came) == 2:
        yield case.other_shape("doc_channel_axis",
                               (1, *case.shape) if _has_channels_first(case.layer) else (*case.shape, 1))


def _batch_axis(case: Case) -> Iterable[Change]:
    """The batch counted among the axes of a sample."""
    if _wants_images(case.layer) and len(case.came) == 4 and len(case.shape) == 4:
        yield case.other_shape("doc_batch_axis", case.shape[1:])


def _channels_first(case: Case) -> Iterable[Change]:
    """Images whose first axis is that of the channels."""
    shape = case.shape
    if len(shape) != 3 or not _wants_images(case.chain[0]) or any(map(_has_channels_first, case.chain)):
        return
    channels, height, width = shape
    if channels is None or height is None or width is None or channels > 4 or min(height, width) <= channels:
        return
    yield case.other_shape("doc_channels_last", (height, width, channels))
    yield case.other_chain("doc_channels_first", lambda: [
        _copy(layer, data_format="channels_first") if hasattr(layer, "data_format") else layer for layer in case.chain])


def _flatten_later(case: Case) -> Iterable[Change]:
    """An image layer behind a layer that makes vectors."""
    chain = case.chain
    if not _wants_images(case.layer) or len(case.came) != 1:
        return
    flat = next((index for index in range(case.failed - 1, -1, -1)
                 if isinstance(chain[index], Flatten) or type(chain[index]).__name__.startswith("Global")), None)
    if flat is None:
        return
    last = max(index for index, other in enumerate(chain) if _wants_images(other))
    yield case.other_chain("doc_move", lambda: [*chain[:flat], *chain[flat + 1:last + 1], chain[flat], *chain[last + 1:]],
                           layer=chain[flat].title, after=chain[last].title)
    yield case.removed("doc_remove", flat)


def _windows(case: Case) -> Iterable[Change]:
    """A window that is larger than what remains of the image."""
    chain, failed, layer = case.chain, case.failed, case.layer
    padding = getattr(layer, "padding", None)
    if len(case.came) != 3 or padding is None or not _wants_images(layer):
        return
    if padding == "valid":
        yield case.other_layer("doc_same", failed, padding="same")
    window = "kernel_size" if hasattr(layer, "kernel_size") else "pool_size"
    sizes = case.came[1:] if _has_channels_first(layer) else case.came[:2]
    old = getattr(layer, window, None)
    if old and None not in sizes:
        new = tuple(min(size, most or 0) for size, most in zip(old, sizes, strict=True))
        if new != old and min(new) > 0:
            yield case.other_layer("doc_window", failed, said={"argument": window, "size": str(new), "old": str(old)},
                                   **{window: new})
    if max(getattr(layer, "dilation_rate", (1,))) > 1:
        yield case.other_layer("doc_dilation", failed, dilation_rate=1)
    before = [index for index, other in enumerate(chain[:failed])
              if getattr(other, "padding", "") == "valid" and _wants_images(other)]
    if before:
        yield case.other_chain("doc_all_same", lambda: [
            _copy(other, padding="same") if index in (*before, failed) else other for index, other in enumerate(chain)],
            count=len(before) + (padding == "valid"))
    pools = [index for index in range(failed + 1) if hasattr(chain[index], "pool_size")]
    if pools and len(chain) > 1:
        yield case.removed("doc_fewer_pools", pools[-1])
    yield from _larger_input(case)


def _larger_input(case: Case) -> Iterable[Change]:
    """The least of some usual sizes that is enough."""
    if len(case.shape) != 3 or None in case.shape:
        return
    first = _has_channels_first(case.chain[0])
    largest = max(size or 0 for size in (case.shape[1:] if first else case.shape[:2]))
    for size in (8, 16, 28, 32, 48, 64, 96, 128, 224, 256, 512):
        new = (case.shape[0], size, size) if first else (size, size, case.shape[2])
        if size > largest and _walk(case.chain, new)[1] is None:
            yield case.other_shape("doc_larger_input", new)
            return


def _groups(case: Case) -> Iterable[Change]:
    """Channels that cannot be shared out among groups."""
    groups = getattr(case.layer, "groups", 1)
    if not isinstance(groups, int) or len(case.came) != 3:
        return
    channels = case.came[0] if _has_channels_first(case.layer) else case.came[-1]
    if groups == 1 or channels is None or channels % groups == 0:
        return
    filters: int = getattr(case.layer, "filters", channels)
    best = max(count for count in range(1, groups + 1) if channels % count == 0 and filters % count == 0)
    for count in dict.fromkeys((best, 1)):
        yield case.other_layer("doc_groups", case.failed, said={"groups": count, "channels": channels}, groups=count)
    before = case.failed - 1
    if before >= 0 and isinstance(case.chain[before], Conv2D):
        more = -(-channels // groups) * groups
        yield case.other_layer("doc_filters", before, said={"filters": more}, filters=more)


def _known_size(case: Case) -> Iterable[Change]:
    """Weights that depend on a size that is not known."""
    if None not in case.shape:
        return
    flat = next((layer for layer in case.chain[case.failed::-1] if isinstance(layer, Flatten)), None)
    if flat is not None:
        pool = GlobalAveragePooling2D(data_format=flat.data_format, name=flat.name)
        yield case.other_chain("doc_global_pool", lambda: [pool if layer is flat else layer for layer in case.chain],
                               layer=flat.title)
    yield case.other_shape("doc_fixed", tuple(32 if size is None else size for size in case.shape))


def _axis(case: Case) -> Iterable[Change]:
    """A normalized axis that does not exist; a shape of another size."""
    axis = getattr(case.layer, "axis", None)
    if isinstance(axis, int) and axis != -1:
        yield case.other_layer("doc_axis", case.failed, axis=-1)
    if hasattr(case.layer, "target_shape"):
        yield case.other_layer("doc_reshape", case.failed, target_shape=(-1,))


def _flatten(case: Case) -> Iterable[Change]:
    """Images where vectors are wanted; layers for images where vectors come."""
    layer, came = case.layer, case.came
    if layer.input_rank == 1 and len(came) > 1:
        yield case.other_chain("doc_flatten", lambda: case.replaced(case.failed, Flatten(name="flatten_before"), layer),
                               layer=layer.title)
    if _wants_images(layer) and len(came) < 3:
        dense = Dense(getattr(layer, "filters", 64), name=layer.name)
        yield case.other_chain("doc_dense", lambda: case.replaced(case.failed, dense), layer=layer.title)
    if _wants_images(layer) and len(came) != 3 and len(case.chain) > 1:
        yield case.removed("doc_remove", case.failed)


RULES: tuple[Callable[[Case], Iterable[Change]], ...] = (
    _batch_axis, _channel_axis, _channels_first, _flatten_later, _windows, _groups, _axis, _known_size, _flatten)


__all__ = ["Diagnosis", "Remedy", "doctor"]
