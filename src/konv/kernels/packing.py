"""The index tables that say where each element of a weight goes when it is packed for the tile."""

import numpy as np

from konv.plan.steps import Pack


def pack_index(layout: Pack) -> np.ndarray:
    """For each element of the packed array its index in the weight, or -1."""
    height, width, channels, filters = layout.kernel
    indices = np.arange(height * width * channels * filters, dtype=np.int32).reshape(layout.kernel)
    rows, columns = (np.array(axis) for axis in zip(*layout.taps, strict=True))
    taken = indices[rows, columns]  # (taps, channels, filters)
    taken = taken.reshape(len(layout.taps), channels, layout.groups, filters // layout.groups).transpose(2, 0, 1, 3)
    if layout.run:
        return _transposed(layout, taken)
    if layout.transposed:
        taken = taken.swapaxes(2, 3)
    produced = taken.shape[3]
    index = np.full((layout.groups, layout.shape[2], layout.panels * layout.lanes), -1, np.int32)
    index[:, :, :produced] = taken.reshape(layout.groups, -1, produced)
    index = index.reshape(layout.groups, layout.shape[2], layout.panels, layout.lanes).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(index)


def _transposed(layout: Pack, taken: np.ndarray) -> np.ndarray:
    """(group, run and panel, filter, lane): lanes along a run of k."""
    groups, filters = layout.groups, taken.shape[3]
    runs = taken.reshape(groups, -1, layout.run, filters).swapaxes(2, 3)  # (groups, runs, filters, run)
    index = np.full((groups, runs.shape[1], filters, layout.panels * layout.lanes), -1, np.int32)
    index[..., :layout.run] = runs
    index = index.reshape(groups, runs.shape[1], filters, layout.panels, layout.lanes).swapaxes(2, 3)
    return np.ascontiguousarray(index).reshape(layout.shape)


def unpack_index(layout: Pack) -> np.ndarray:
    """The inverse: for each element of the weight its index in the packed array."""
    index = pack_index(layout).reshape(-1)
    used = np.nonzero(index >= 0)[0].astype(np.int32)
    inverse = np.empty(len(used), np.int32)
    inverse[index[used]] = used
    return inverse.reshape(layout.kernel)
