"""How layers are named when the user does not: conv2d, conv2d_1, conv2d_2, ..."""

from collections import Counter

_names: Counter[str] = Counter()


def reset_names() -> None:
    """Start the automatic layer names again at `conv2d`."""
    _names.clear()


def clear_session(free_memory: bool = True) -> None:
    """Start the automatic layer names again, as Keras does; konv keeps no other state.

    >>> import konv
    >>> konv.utils.clear_session()
    >>> konv.layers.Flatten().name
    'flatten'
    """
    reset_names()


def auto_name(prefix: str) -> str:
    """conv2d, conv2d_1, conv2d_2, ..."""
    count = _names[prefix]
    _names[prefix] += 1
    return f"{prefix}_{count}" if count else prefix
