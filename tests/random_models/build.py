"""From a plain description of a model to the model, with konv or with Keras.

A description is a dict of plain values, so that it can be printed, kept and pasted:

    inputs      shapes without the batch
    steps       [layer, arguments, sources]; the layer is a name in `layers`, "ops." and a name in `ops`, "Model" with a
                description, or the number of an earlier step whose layer is used again; sources are numbers of tensors: first
                the inputs, then what the steps make
    outputs     numbers of tensors
    sequential  whether it is written as Sequential; then every step reads the one before
    task        how it is trained; `tasks.py` says more
"""

from functools import partial


def build(library, description, **named):
    made = []
    for layer, arguments, _ in description["steps"]:
        made.append(made[layer] if isinstance(layer, int) else piece(library, layer, dict(arguments)))
    tensors = [library.Input(shape) for shape in description["inputs"]]
    if description["sequential"]:
        return library.Sequential([tensors[0], *made], **named)
    for layer, (kind, _, sources) in zip(made, description["steps"], strict=True):
        found = [tensors[source] for source in sources]
        separate = isinstance(kind, str) and kind.startswith("ops.")
        tensors.append(layer(*found) if separate or len(found) == 1 else layer(found))
    outputs = [tensors[number] for number in description["outputs"]]
    inputs = tensors[:len(description["inputs"])]
    return library.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0], **named)


def piece(library, kind, arguments):
    if kind == "Model":
        return build(library, arguments.pop("model"), **{name: value for name, value in arguments.items() if name != "shape"})
    if kind.startswith("ops."):
        return partial(getattr(library.ops, kind[4:]), **arguments)
    return getattr(library.layers, kind)(**arguments)
