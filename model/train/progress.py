"""Progress of a run: a bar on a terminal, otherwise one line for each epoch."""

import sys
from typing import TextIO

from tqdm import tqdm

from model.train.loop import Progress, TrainingState


class ProgressDisplay:
    """Writes the progress of a run to a text stream."""

    def __init__(self, epochs: int, stream: TextIO | None = None) -> None:
        """Prepare the display.

        Args:
            epochs: Epochs of the whole run.
            stream: Output, by default standard error; a bar is drawn only on a terminal.
        """
        self._epochs = epochs
        self._stream = stream or sys.stderr
        self._bar: tqdm | None = None

    def show_step(self, progress: Progress) -> None:
        """Move the bar: loss, accuracy, images per second and the time left."""
        if not self._stream.isatty():
            return
        if self._bar is None:
            self._bar = tqdm(
                total=progress.steps, initial=progress.step - 1, unit="step", file=self._stream, dynamic_ncols=True
            )
        self._bar.set_description(f"epoch {progress.epoch + 1}/{self._epochs}", refresh=False)
        self._bar.set_postfix_str(
            f"loss {progress.loss:.4f}, accuracy {progress.accuracy:.2%}, {progress.images_per_second:,.0f} images/s",
            refresh=False,
        )
        self._bar.update()

    def show_epoch(self, state: TrainingState) -> None:
        """Write one line for the finished epoch."""
        record = state.curve[-1]
        validation = record.get("validation_accuracy")
        line = (
            f"epoch {state.epoch}/{self._epochs}  loss {record['loss']:.4f}  accuracy {record['accuracy']:.2%}"
            + (f"  validation {validation:.2%}" if validation is not None else "")
            + f"  {record['images_per_second']:,.0f} images/s"
            f"  {state.seconds / state.epoch * (self._epochs - state.epoch):.0f} s left"
        )
        if self._bar is None:
            print(line, file=self._stream, flush=True)
        else:
            self._bar.write(line, file=self._stream)
            if state.epoch == self._epochs:
                self._bar.close()
