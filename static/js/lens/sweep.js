// @ts-check
// Moves a kernel over its map: Play and Step.
/** @import { LayerDescription, Neuron } from "../types.js" */
/** @import { Selection } from "./selection.js" */

/** Speeds of the kernel, in neurons per second; it begins with the second. */
export const SPEEDS = [10, 60, 240];

/**
 * The neuron that follows by some steps in reading order, at most the last one of the map.
 * @param {Neuron} neuron
 * @param {LayerDescription["output_shape"]} shape
 * @param {number} steps
 * @param {(neuron: Neuron) => boolean} [isSkipped]  Neurons that count as no step.
 * @returns {Neuron}
 */
export function advanced(neuron, [, rows, columns], steps, isSkipped = () => false) {
  let next = neuron;
  let left = steps;
  for (let cell = neuron.row * columns + neuron.column + 1; left > 0 && cell < rows * columns; cell += 1) {
    next = { ...neuron, row: Math.floor(cell / columns), column: cell % columns };
    if (!isSkipped(next)) left -= 1;
  }
  return next;
}

/**
 * The number of cells painted when the kernel has reached a neuron.
 * @param {Neuron} neuron
 * @param {LayerDescription["output_shape"]} shape
 */
export function cellsUpTo({ row, column }, [, , columns]) {
  return row * columns + column + 1;
}

/**
 * @param {Neuron} neuron
 * @param {LayerDescription["output_shape"]} shape
 */
export function isLast({ row, column }, [, rows, columns]) {
  return row === rows - 1 && column === columns - 1;
}

const BROWSER = {
  /** @param {FrameRequestCallback} callback */
  request: (callback) => requestAnimationFrame(callback),
  /** @param {number} frame */
  cancel: (frame) => cancelAnimationFrame(frame),
};

/** Whether a dialog covers the page: nothing plays behind it. */
export const isDialogOpen = () => document.querySelector("dialog[open]") !== null;

/**
 * The sweep: whether it plays, and how much of the map is painted.
 * @param {object} lens
 * @param {Pick<Selection, "current" | "pin">} lens.selection
 * @param {(layer: string) => LayerDescription["output_shape"]} lens.shapeOf
 * @param {() => boolean} lens.isStill  Whether motion is reduced.
 * @param {() => void} lens.onChange    Called after each change, also if the neuron stays the same.
 * @param {(neuron: Neuron) => boolean} [lens.isBlank]  Whether its patch is empty: Play skips it.
 * @param {() => boolean} [lens.isBlocked]  Whether Play must stop, for instance behind a dialog.
 * @param {typeof BROWSER} [frames]
 */
export function createSweep({ selection, shapeOf, isStill, onChange, isBlank, isBlocked }, frames = BROWSER) {
  let speed = SPEEDS[1];
  let playing = false;
  /** Cells painted so far; null while the whole map is shown. @type {number | null} */
  let painted = null;
  let frame = 0;

  function play() {
    const neuron = selection.current();
    if (!neuron || isStill()) return;
    const shape = shapeOf(neuron.layer);
    const start = painted === null || isLast(neuron, shape) ? { ...neuron, row: 0, column: 0 } : neuron;
    selection.pin(start);
    painted = cellsUpTo(start, shape);
    playing = true;
    /** When the frame before was shown; null before the first. @type {number | null} */
    let last = null;
    let due = 0;
    /** @param {number} now */
    const tick = (now) => {
      if (isBlocked?.()) return pauseAndShow();
      due += ((now - (last ?? now)) / 1000) * speed;
      last = now;
      const steps = Math.floor(due);
      due -= steps;
      if (steps) advance(steps, isBlank);
      frame = playing ? frames.request(tick) : 0;
    };
    frame = frames.request(tick);
    onChange();
  }

  function pause() {
    if (!playing) return;
    playing = false;
    frames.cancel(frame);
  }

  /** @param {number} steps  @param {(neuron: Neuron) => boolean} [isSkipped] */
  function advance(steps, isSkipped) {
    const neuron = /** @type {Neuron} */ (selection.current());
    const shape = shapeOf(neuron.layer);
    const next = advanced(neuron, shape, steps, isSkipped);
    painted = cellsUpTo(next, shape);
    if (isLast(next, shape)) pause();
    selection.pin(next);
  }

  return {
    isPlaying: () => playing,
    painted: () => painted,
    pause,
    toggle: () => (playing ? pauseAndShow() : play()),

    /** Move by one neuron, or stop if it plays. */
    step() {
      const neuron = selection.current();
      if (!neuron) return;
      if (playing) return pauseAndShow();
      if (painted !== null && !isLast(neuron, shapeOf(neuron.layer))) return advance(1);
      painted = 1;
      selection.pin({ ...neuron, row: 0, column: 0 });
      onChange();
    },

    /** Show the whole map again. */
    end() {
      painted = null;
      pause();
    },

    /** @param {number} perSecond */
    setSpeed(perSecond) {
      speed = perSecond;
    },
  };

  function pauseAndShow() {
    pause();
    onChange();
  }
}

/** @typedef {ReturnType<typeof createSweep>} Sweep */
