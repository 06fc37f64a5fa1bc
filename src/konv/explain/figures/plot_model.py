"""keras.utils.plot_model, by way of konv.explain.drawing."""

from pathlib import Path
from typing import Any

from konv.errors import KonvError, UnsupportedError
from konv.explain.figures.drawing import Drawing, drawing


def plot_model(model: Any, to_file: Any = "model.png", show_shapes: bool = False, show_dtype: bool = False,
               show_layer_names: bool = False, rankdir: str = "TB", expand_nested: bool = False, dpi: int = 200,
               show_layer_activations: bool = False, show_trainable: bool = False, **kwargs: Any) -> Drawing:
    """Draw a built model into an .svg or .html file, and return the drawing, which a notebook shows; None writes no file.

    Boxes have names and shapes whether asked for or not. What konv does not draw is an error that names the argument.

    >>> import konv, tempfile
    >>> model = konv.Sequential([konv.Input((4,)), konv.layers.Dense(2)])
    >>> plot_model(model, tempfile.mkdtemp() + "/model.svg", show_shapes=True).svg()[:4]
    '<svg'
    """
    given = {"show_dtype": (show_dtype, False), "rankdir": (rankdir, "TB"), "expand_nested": (expand_nested, False),
             "dpi": (dpi, 200), "show_layer_activations": (show_layer_activations, False),
             "show_trainable": (show_trainable, False)}
    for argument, (value, default) in given.items():
        if value != default:
            raise UnsupportedError(f"plot_model: {argument}={value!r} is not supported; leave it out, or see what "
                                   f"konv.explain.drawing and model.explain() show")
    if kwargs:
        raise KonvError(f"plot_model: has no argument {', '.join(kwargs)}")
    if to_file is not None and Path(to_file).suffix.lower() not in (".svg", ".html"):
        raise UnsupportedError(f'plot_model: to_file={str(to_file)!r}: konv draws .svg and .html files, without graphviz; '
                               f'write to_file="{Path(to_file).stem}.svg"')
    made = drawing(model)
    if to_file is not None:
        made.save(to_file)
    return made
