"""What the commands need of models and images from files."""

from typing import Any

from konv.errors import KonvError

COLOR_MODES = {1: "grayscale", 3: "rgb", 4: "rgba"}


def load(path: str) -> Any:
    import konv

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
