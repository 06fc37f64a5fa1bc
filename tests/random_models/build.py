"""From a plain description of a model to the model, with konv or with Keras.

A description is a dict of plain values, so that it can be printed, kept and pasted:

    inputs      shapes without the batch
    steps       [layer, arguments, sources]; the layer is a name in `layers`, or the number of an earlier step whose layer is
                used again; sources are numbers of tensors: first the inputs, then what the steps make
    outputs     numbers of tensors
    sequential  whether it is written as Sequential; then every step reads the one before
"""


def build(library, description):
    made = []
    for layer, arguments, _ in description["steps"]:
        made.append(made[layer] if isinstance(layer, int) else getattr(library.layers, layer)(**arguments))
    tensors = [library.Input(shape) for shape in description["inputs"]]
    if description["sequential"]:
        return library.Sequential([tensors[0], *made])
    for layer, (_, _, sources) in zip(made, description["steps"], strict=True):
        found = [tensors[source] for source in sources]
        tensors.append(layer(found if len(found) > 1 else found[0]))
    outputs = [tensors[number] for number in description["outputs"]]
    inputs = tensors[:len(description["inputs"])]
    return library.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0])
