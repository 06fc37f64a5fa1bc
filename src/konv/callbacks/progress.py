"""The progress of a run, on standard output."""

import math
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from konv.callbacks.base import Callback, Logs
from konv.errors import KonvError

WIDTH = 20
INTERVAL = 0.1  # seconds between two refreshes: more would cost time and no reader sees them


class Progbar:
    """A bar with the time per step and the current values. Where output is not a terminal, only the finished line is printed.

    Args:
        target: how many steps there are, None if that is not known.
        width: letters of the bar.
        verbose: 0 for nothing, 1 for a bar, 2 for a line at the end.
        interval: seconds between two refreshes.
        stateful_metrics: names whose last value is shown instead of the mean over the steps.
        stateless_metrics: the only names whose mean is shown; one of the two can be given.
        unit_name: what a step is called.
    Raises:
        KonvError: both kinds of names are given.

    >>> bar = Progbar(10, verbose=2)
    >>> bar.update(10, [("loss", 0.25)])
    10/10 - 0s - ...s/step - loss: 0.2500
    """

    def __init__(self, target: int | None, width: int = WIDTH, verbose: int = 1, interval: float = INTERVAL,
                 stateful_metrics: Iterable[str] | None = None, stateless_metrics: Iterable[str] | None = None,
                 unit_name: str = "step") -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise KonvError("Progbar: give stateful_metrics or stateless_metrics, not both")
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self._stateful = set(stateful_metrics or ())
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._values: dict[str, tuple[float, float]] = {}  # sum and count
        self._seen, self._shown, self._width = 0, 0.0, 0
        self._start = time.time()
        self._after_first: float | None = None
        self._dynamic = is_interactive()

    def update(self, current: int, values: Iterable[tuple[str, Any]] | None = None,
               finalize: bool | None = None) -> None:
        """Note that `current` steps are done; values are (name, value), averaged over steps unless stateful."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._take(name, value, max(current - self._seen, 1), finalize)
        self._seen, now = current, time.time()
        per_step = self._step_time(current, now)
        if self.verbose == 1 and (finalize or (self._dynamic and now - self._shown >= self.interval)):
            self._draw(current, now, per_step, finalize)
            self._shown = now
        elif self.verbose == 2 and finalize and self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            took = f"{now - self._start:.0f}s - {_duration(per_step, self.unit_name)}"
            print(f"{count} - {took}{self._shown_values()}", flush=True)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Note that n more steps are done."""
        self.update(self._seen + n, values)

    def _take(self, name: str, value: Any, steps: int, finalize: bool) -> None:
        value = float(np.mean(value))
        averaged = name in self._averaged if self._averaged is not None else name not in self._stateful
        if not averaged or finalize:
            self._values[name] = (value, 1)
        else:
            total, count = self._values.get(name, (0.0, 0))
            self._values[name] = (total + value * steps, count + steps)

    def _shown_values(self) -> str:
        return "".join(f" - {name}: {_number(total / max(count, 1))}" for name, (total, count) in self._values.items())

    def _draw(self, current: int, now: float, per_step: float, finalize: bool) -> None:
        if self.target:
            done = int(self.width * current / self.target)
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            if self._dynamic:
                bar = f"\x1b[1m{count}\x1b[0m \x1b[32m{'━' * done}\x1b[0m\x1b[37m{'━' * (self.width - done)}\x1b[0m"
            else:
                bar = f"{count} {'━' * done}"
        else:
            done, count = 0, f"{current:7d}/Unknown"
            bar = count
        remaining = per_step * (self.target - current) if self.target and not finalize else now - self._start
        info = f" {_clock(remaining)} {_duration(per_step, self.unit_name)}{self._shown_values()}"
        width = len(count) + 1 + self.width + len(info)
        start = "\r" if self._dynamic else ""
        sys.stdout.write(f"{start}{bar}{info}{' ' * max(self._width - width, 0)}" + ("\n" if finalize else ""))
        sys.stdout.flush()
        self._width = width

    def _step_time(self, current: int, now: float) -> float:
        """Seconds per step, the first one left out: it compiles and allocates."""
        if not current:
            return 0.0
        if self._after_first is not None and current > 1:
            return (now - self._after_first) / (current - 1)
        if current == 1:
            self._after_first = now
        return (now - self._start) / current


class ProgbarLogger(Callback):
    """Prints the progress of fit, evaluate and predict; `verbose` of those decides how."""

    def __init__(self) -> None:
        super().__init__()
        self.target: int | None = None
        self.verbose, self.epochs, self.seen = 1, 1, 0
        self.progbar: Progbar | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        self.verbose = 1 if params["verbose"] == "auto" else int(params["verbose"])
        self.epochs, self.target = params["epochs"], params["steps"]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin()
        if self.verbose and self.epochs > 1:
            print(f"Epoch {epoch + 1}/{self.epochs}", flush=True)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._step(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._step(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._step(batch, None)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._finish(logs)

    def _begin(self) -> None:
        self.seen = 0
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _step(self, batch: int, logs: Logs | None) -> None:
        self.seen = batch + 1
        if self.verbose == 1 and self.progbar is not None:
            self.progbar.update(self.seen, (logs or {}).items(), finalize=False)

    def _finish(self, logs: Logs | None) -> None:
        if self.progbar is None:
            return
        if self.target is None:
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.target, (logs or {}).items(), finalize=True)


def is_interactive() -> bool:
    """Whether a line can be written over: a terminal or a notebook."""
    return bool(getattr(sys.stdout, "isatty", bool)()) or "ipykernel" in sys.modules


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) > 1e-3 or not math.isfinite(value) else f"{value:.4e}"


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest}s"


def _duration(seconds: float, unit: str) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/{unit}"
    return f"{seconds * 1e3:.0f}ms/{unit}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{unit}"
