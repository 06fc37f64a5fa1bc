"""Callbacks: what happens between batches and epochs. Names are those of keras.callbacks."""

from konv.callbacks.base import Callback, CallbackList, History, LambdaCallback
from konv.callbacks.monitor import EarlyStopping, ModelCheckpoint, MonitorCallback, ReduceLROnPlateau
from konv.callbacks.progress import ProgbarLogger
from konv.callbacks.simple import CSVLogger, LearningRateScheduler, TerminateOnNaN
from konv.errors import UnsupportedError

# what Keras has besides
_LATER = ("BackupAndRestore", "OrbaxCheckpoint", "RemoteMonitor", "SwapEMAWeights", "TensorBoard")


def __getattr__(name: str):
    if name in _LATER:
        raise UnsupportedError(f"konv.callbacks.{name} is not supported yet; there are: {', '.join(__all__)}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler",
    "ModelCheckpoint", "MonitorCallback", "ProgbarLogger", "ReduceLROnPlateau", "TerminateOnNaN",
]
