"""What the commands need of models and images from files."""

import json
from pathlib import Path
from typing import Any

from konv.errors import FileError, KonvError

COLOR_MODES = {1: "grayscale", 3: "rgb", 4: "rgba"}


def load(path: str) -> Any:
    """The model in a file of konv or Keras, or in an ONNX file."""
    import konv

    if path.lower().endswith(".onnx"):
        from konv.explain import read

        return read(path)
    return konv.load_model(path)


def read_image(model: Any, path: str) -> Any:
    """An image file as the model takes it: its size, its channels, pixels from 0 to 255."""
    from konv.data.decode import read_image

    shape = model.input_shape[1:]
    if len(shape) != 3 or shape[-1] not in COLOR_MODES:
        raise KonvError(f"the model takes inputs of shape {model.input_shape}; images need (height, width, channels) "
                        f"with 1, 3 or 4 channels")
    size = None if None in shape[:2] else shape[:2]
    return read_image(path, COLOR_MODES[shape[-1]], size)


def class_names(path: str, model: Any) -> list[str]:
    """From classes.json beside the model, one for each class; without it they are numbers."""
    count = max(2, model.output_shape[-1] or 0)
    file = Path(path).with_name("classes.json")
    if not file.exists():
        return [str(index) for index in range(count)]
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise FileError(f"{file}: is not a JSON file") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(names) != count:
        raise FileError(f"{file}: must be a list of {count} names, one per output of the model")
    return names
