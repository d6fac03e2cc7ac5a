"""Callbacks: objects whose methods fit, evaluate and predict call, to watch, steer and record them."""

from ...support.missing import missing
from .backup import BackupAndRestore
from .base import Callback, CallbackList, History, Logs
from .checkpoints import ModelCheckpoint
from .csv_logger import CSVLogger
from .lambda_callback import LambdaCallback
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .stopping import EarlyStopping, TerminateOnNaN
from .tensorboard import TensorBoard

__all__ = ["BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
           "LearningRateScheduler", "Logs", "ModelCheckpoint", "ReduceLROnPlateau", "TensorBoard",
           "TerminateOnNaN"]  # fmt: skip
__getattr__ = missing(__name__)
