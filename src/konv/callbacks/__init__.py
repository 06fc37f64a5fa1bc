"""Callbacks: what happens between batches and epochs. Names are those of keras.callbacks."""

from konv.callbacks.backup import BackupAndRestore, SwapEMAWeights
from konv.callbacks.base import Callback, History, LambdaCallback
from konv.callbacks.callback_list import CallbackList
from konv.callbacks.monitor import EarlyStopping, ModelCheckpoint, MonitorCallback, ReduceLROnPlateau
from konv.callbacks.progress import ProgbarLogger
from konv.callbacks.simple import CSVLogger, LearningRateScheduler, TerminateOnNaN
from konv.callbacks.tensorboard import TensorBoard
from konv.hints import module_attributes

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
    "LearningRateScheduler", "ModelCheckpoint", "MonitorCallback", "ProgbarLogger", "ReduceLROnPlateau", "SwapEMAWeights",
    "TensorBoard", "TerminateOnNaN",
]

__getattr__, __dir__ = module_attributes(__name__, __all__)
