"""How layers are named when the user does not: conv2d, conv2d_1, conv2d_2, ..."""

from konv.registry import auto_name as auto_name
from konv.registry import reset_names as reset_names


def clear_session(free_memory: bool = True) -> None:
    """Start the automatic layer names again, as Keras does; konv keeps no other state.

    >>> import konv
    >>> konv.utils.clear_session()
    >>> konv.layers.Flatten().name
    'flatten'
    """
    reset_names()
