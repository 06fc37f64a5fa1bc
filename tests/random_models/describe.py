"""Random descriptions of models; `build.py` says what a description is.

The sizes of what a layer makes come from Keras, so that a wrong size in konv is found and not followed.
"""

from math import prod
from random import Random

import keras

from tests.random_models.kinds import KINDS, MERGING, SHRINKING, choice, either, function, image_sizes, rarely
from tests.random_models.kinds import batch_norm as drawn_norm
from tests.random_models.tasks import task

LARGEST = 900  # numbers per sample in any tensor: models stay small, since compiling the oracle takes longest
FORMATS = ["channels_last", "channels_first"]
# Layers of one rank that do not mind another size of image than they were built for, if it has as many channels.
ANY_SIZE = ("Conv", "Depthwise", "Separable", "MaxPooling", "AveragePooling", "Global", "Activation", "ReLU", "ELU",
            "LeakyReLU", "Dropout", "ZeroPadding", "UpSampling", "Resizing", "Identity")
UNARY = {"abs": {}, "square": {}, "relu": {}, "sigmoid": {}, "tanh": {}, "softplus": {}, "negative": {},
         "add": {"x2": 0.5}, "multiply": {"x2": 1.5}, "clip": {"x_min": -1.0, "x_max": 0.5}, "maximum": {"x2": 0.1}}
BINARY = ["add", "subtract", "multiply", "maximum", "minimum"]
NAMES = ["{}_{}", "block{1}.{0}", "{0} {1}", "a_rather_long_name_of_a_layer_{0}_{1}"]


class Sketch:
    """A description in the making, and the shape of each of its tensors."""

    def __init__(self, draw, depth=0):
        self.draw, self.depth = draw, depth
        self.format = choice(draw, *FORMATS[:1] * 2, FORMATS[1])
        self.inputs, self.steps, self.shapes = [], [], []
        self.naming = choice(draw, None, None, *NAMES)

    def input(self, shape):
        self.inputs.append(list(shape))
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def fits(self, layer, arguments, *sources):
        """The shape that a layer makes, or None where it is empty or large."""
        tensors = [(None, *self.shapes[source]) for source in sources]
        if layer == "Model":
            shape = arguments["shape"]
        elif layer.startswith("ops."):
            shape = getattr(keras.ops, layer[4:])(*map(keras.KerasTensor, tensors), **arguments).shape[1:]
        else:
            made = getattr(keras.layers, layer)(**arguments)
            shape = made.compute_output_shape(tensors if len(tensors) > 1 else tensors[0])[1:]
        return shape if 1 <= prod(shape) <= LARGEST else None

    def step(self, layer, arguments, *sources):
        """The number of the new tensor, or None where it does not fit."""
        again = not isinstance(layer, str)
        shape = self.fits(*(self.steps[layer][:2] if again else (layer, arguments)), *sources)
        if shape is None:
            return None
        if self.naming and either(self.draw) and not again and layer[:4] != "ops.":
            arguments = arguments | {"name": self.naming.format(layer.lower(), f"{self.depth}{len(self.steps)}")}
        self.steps.append([layer, arguments, list(sources)])
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def or_else(self, made, source):
        return source if made is None else made

    def activation(self, tensor):
        """Of the layer that made a tensor, as far as its arguments say."""
        return self.steps[tensor - len(self.inputs)][1].get("activation") if tensor >= len(self.inputs) else None

    def finished(self, outputs):
        chain = all(sources == [place] for place, (_, _, sources) in enumerate(self.steps))
        layers = all(isinstance(layer, str) and layer[:4] != "ops." for layer, _, _ in self.steps)
        alone = len(self.inputs) == 1 and outputs == [len(self.shapes) - 1]
        return {"inputs": self.inputs, "steps": self.steps, "outputs": outputs,
                "sequential": chain and alone and layers and either(self.draw)}

    def data_format(self):
        """Now and then a layer has its channels where the others of the model have not."""
        return FORMATS[(FORMATS.index(self.format) + rarely(self.draw, 10)) % 2]


def grown(sketch, source):
    """One more layer on a tensor; the same tensor if what was drawn does not fit."""
    draw, shape = sketch.draw, sketch.shapes[source]
    if len(shape) > 3:
        return sketch.or_else(sketch.step("Flatten", {}, source), source)
    if rarely(draw, 12) and sketch.depth < 2:
        return nested(sketch, source)
    if rarely(draw, 12):
        return operation(sketch, source)
    table = choice(draw, *KINDS[len(shape)])
    kind = choice(draw, *table)
    if kind in SHRINKING and not rarely(draw, 3):
        kind = {3: "Conv2D", 2: "Conv1D", 1: "Dense"}[len(shape)]
        table = next(table for table in KINDS[len(shape)] if kind in table)
    arguments = table[kind](draw, shape, sketch.data_format())
    return source if arguments is None else sketch.or_else(sketch.step(kind, arguments, source), source)


def nested(sketch, source):
    """A model as a layer."""
    inner = Sketch(sketch.draw, sketch.depth + 1)
    here = inner.input(sketch.shapes[source])
    keeps = either(sketch.draw)  # then it can be used again
    for _ in range(sketch.draw.randint(1, 3)):
        here = (kept if keeps else grown)(inner, here)
        if here is None:
            return source
    if not inner.steps:
        return source
    return sketch.step("Model", {"model": inner.finished([here]), "shape": inner.shapes[here]}, source)


def operation(sketch, source):
    """An operation on tensors that is no layer."""
    draw, shape = sketch.draw, sketch.shapes[source]
    axis = draw.randint(1, len(shape))
    kind = choice(draw, "unary", "unary", "binary", "reduce", "transpose", "concatenate")
    if kind == "binary":
        return sketch.step(f"ops.{choice(draw, *BINARY)}", {}, source, sketch.or_else(kept(sketch, source), source))
    if kind == "reduce" and len(shape) > 1:
        made = sketch.step(f"ops.{choice(draw, 'mean', 'max', 'sum')}", {"axis": axis, "keepdims": either(draw)}, source)
    elif kind == "transpose":
        made = sketch.step("ops.transpose", {"axes": [0, *draw.sample(range(1, len(shape) + 1), len(shape))]}, source)
    else:
        name = choice(draw, *UNARY)
        made = sketch.step(f"ops.{name}", UNARY[name], source)
    return sketch.or_else(made, source)


def used_again(sketch, source):
    """A layer that other images went through, of other sizes perhaps."""
    draw, shape = sketch.draw, sketch.shapes[source]
    places = []
    for place, (layer, arguments, sources) in enumerate(sketch.steps):
        if isinstance(layer, str) and layer.startswith(ANY_SIZE) and len(sources) == 1:
            earlier = sketch.shapes[sources[0]]
            layout = arguments.get("data_format", "channels_last")
            if len(earlier) == len(shape) and image_sizes(earlier, layout)[1] == image_sizes(shape, layout)[1]:
                places.append(place)
    try:
        return sketch.or_else(sketch.step(choice(draw, *places), {}, source), source) if places else source
    except ValueError:  # the window does not fit into this one
        return source


def joined(sketch, source):
    """Two branches that come together: of one shape, side by side, or one stretched over the other."""
    draw, shape = sketch.draw, sketch.shapes[source]
    if len(shape) > 3:
        return sketch.or_else(sketch.step("Flatten", {}, source), source)
    if len(shape) == 3 and rarely(draw, 3):
        return side_by_side(sketch, source)
    if len(shape) == 3 and rarely(draw, 5):
        return stretched(sketch, source)
    left = kept(sketch, source)
    right = kept(sketch, left) if rarely(draw, 2) else left
    other = source if either(draw) else kept(sketch, source)
    sources = [right, other] if either(draw) else [other, right]
    if rarely(draw, 6) and len(shape) < 3:
        axes = draw.randint(1, len(shape))
        return sketch.or_else(sketch.step("Dot", {"axes": choice(draw, axes, [axes, axes], axes - len(shape) - 1),
                                                  "normalize": either(draw)}, *sources), source)
    if rarely(draw, 5):
        axis = draw.randint(1, len(shape))
        return sketch.or_else(sketch.step("Concatenate", {"axis": choice(draw, axis, axis - len(shape) - 1)}, *sources), source)
    kind = choice(draw, "Add", *MERGING)
    if kind != "Subtract" and rarely(draw, 4):
        sources.append(left)
    return sketch.step(kind, {}, *sources)


def side_by_side(sketch, source):
    draw = sketch.draw
    axis = 1 if sketch.format == "channels_first" else 3
    branches = [source] if rarely(draw, 3) else []
    for _ in range(2):
        arguments = {"filters": draw.randint(1, 4), "kernel_size": draw.randint(1, 3), "padding": "same",
                     "activation": function(draw), "data_format": sketch.format}
        branches.append(sketch.step("Conv2D", arguments, source))
    if None in branches:
        return source
    return sketch.or_else(sketch.step("Concatenate", {"axis": choice(draw, axis, axis - 4)}, *branches), source)


def stretched(sketch, source):
    """Every channel times a number of its own, as in squeeze and excitation."""
    draw = sketch.draw
    means = sketch.step("GlobalAveragePooling2D", {"keepdims": True, "data_format": sketch.format}, source)
    channels = image_sizes(sketch.shapes[source], sketch.format)[1]
    gates = sketch.step("Conv2D", {"filters": channels, "kernel_size": 1, "activation": choice(draw, "sigmoid", "hard_sigmoid"),
                                   "data_format": sketch.format}, means)
    return sketch.step(choice(draw, "Multiply", "Multiply", *MERGING), {}, *draw.sample([source, gates], 2))


def kept(sketch, source):
    """A layer that keeps the shape."""
    draw, shape = sketch.draw, sketch.shapes[source]
    channels = image_sizes(shape, sketch.format)[1]
    earlier = [place for place, (layer, _, sources) in enumerate(sketch.steps) if isinstance(layer, str)
               and layer[:4] != "ops." and len(sources) == 1
               and sketch.shapes[sources[0]] == shape == sketch.shapes[len(sketch.inputs) + place]]
    if earlier and rarely(draw, 4):
        return sketch.step(choice(draw, *earlier), {}, source)
    if len(shape) < 3:
        return sketch.step("Dense", {"units": shape[-1], "activation": function(draw)}, source)
    if rarely(draw, 3):
        return sketch.step("BatchNormalization", drawn_norm(draw, shape, sketch.format), source)
    return sketch.step("Conv2D", {"filters": channels, "kernel_size": draw.randint(1, 3), "padding": "same",
                                  "activation": function(draw), "data_format": sketch.format}, source)


def first_input(sketch):
    draw = sketch.draw
    sizes, channels = [draw.randint(3, 12), draw.randint(3, 12)], draw.randint(1, 5)
    if rarely(draw, 10):
        sizes[draw.randint(0, 1)] = draw.randint(1, 2)
    if rarely(draw, 6):
        return sketch.input([sizes[0] * 2, channels] if not rarely(draw, 4) else [channels * 3])
    return sketch.input([channels, *sizes] if sketch.format == "channels_first" else [*sizes, channels])


def description(seed):
    """A model of any kinds of layers. The numbers are not drawn by hypothesis, which repeats itself and prefers small ones."""
    draw = Random(seed)
    sketch = Sketch(draw)
    tensors = [here := first_input(sketch)]
    for _ in range(draw.randint(2, 7)):
        move = joined if rarely(draw, 4) else used_again if rarely(draw, 12) else grown
        tensors.append(here := move(sketch, here))
    if rarely(draw, 8):
        place = len(sketch.inputs)
        here = second_input(sketch, here)
        tensors = [tensor + (tensor >= place) for tensor in tensors]
    if len(sketch.shapes[here]) > 1 and not rarely(draw, 4):
        here = sketch.step("Flatten", {}, here)
    last = {"units": draw.randint(1, 6), "activation": choice(draw, None, "softmax", "sigmoid")}
    made = sketch.step("Dense", last, here)
    outputs = [sketch.step("Dense", last, sketch.step("Flatten", {}, here)) if made is None else made]
    for branch in draw.sample(tensors, min(len(tensors), 2 if rarely(draw, 4) else 1)):
        if rarely(draw, 4) and branch not in outputs:
            second = branch if branch >= len(sketch.inputs) and either(draw) else sketch.step(
                "Dense", {"units": 2, "activation": function(draw)}, branch)
            if second is not None:
                outputs.insert(draw.randint(0, len(outputs)), second)
    drawn = sketch.finished(outputs)
    return drawn | {"task": task(draw, [(sketch.activation(tensor), sketch.shapes[tensor]) for tensor in outputs])}


def second_input(sketch, here):
    """A second input of the shape of a tensor, added to it. Tensors are numbered inputs first, so all numbers move."""
    place, shape = len(sketch.inputs), sketch.shapes[here]
    moved = lambda source: source + (source >= place)  # noqa: E731
    for step in sketch.steps:
        step[2] = [moved(source) for source in step[2]]
    sketch.inputs.append(list(shape))
    sketch.shapes.insert(place, shape)
    return sketch.step("Add", {}, moved(here), place)
