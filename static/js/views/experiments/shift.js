// @ts-check
/** @import { ExperimentContext, ExperimentState, LayerShift, Plane, Prediction, ShiftAnswer, Tensor } from "../../types.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { postPixels } from "../../api/pixels.js";
import { find, findAll, setText } from "../../dom.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { formatValue } from "../legend.js";
import { percent } from "../prediction-bars.js";
import { createShiftPlot } from "./shift-plot.js";

const PIXELS = 28;
const ZOOM = 7;
const ROOM = 84; // CSS pixels for one map.
const FARTHEST = 14;

/** @typedef {{down: number, right: number}} Shift */
/** @typedef {Record<string, Tensor>} Maps  By `<model>/<layer>`. */

/** @type {Record<string, Shift>} */
const STEPS = {
  ArrowUp: { down: -1, right: 0 }, ArrowDown: { down: 1, right: 0 }, ArrowLeft: { down: 0, right: -1 }, ArrowRight: { down: 0, right: 1 },
};

/** The layers whose maps are asked for. @type {Record<string, string[]>} */
const LAYERS = { cnn: ["conv1", "relu1", "pool1", "conv2", "conv3", "pool2", "conv4", "conv5"], "locally-connected": ["local1"] };

/**
 * The digit, dragged by whole pixels: whether maps move along, and whether the answer stays.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createShift(root, { api, colors, models, fail, announce, signal }) {
  const canvas = find(root, "#shift-pixels", HTMLCanvasElement);
  const reset = find(root, "#shift-reset", HTMLButtonElement);
  const deeper = find(root, "#shift-layer", HTMLSelectElement);
  const rows = findAll(root, ".shift-maps tbody tr", HTMLTableRowElement).map((row) => ({
    row,
    now: find(row, ".now", HTMLCanvasElement),
    old: find(row, ".old", HTMLCanvasElement),
    difference: find(row, ".difference", HTMLCanvasElement),
    filter: find(row, ".filter", HTMLElement),
    residual: find(row, ".residual", HTMLElement),
    reason: find(row, ".reason", HTMLElement),
  }));
  const readings = findAll(root, "#shift-readings tr", HTMLTableRowElement);
  const plot = createShiftPlot(root, { api, fail, signal });

  /** @type {ExperimentState | null} */
  let state = null;
  /** @type {Shift} */
  let shift = { down: 0, right: 0 };
  /** What is on the screen: a digit, how far it was moved, and all that came of it.
   * @type {{state: ExperimentState, shift: Shift, answer: ShiftAnswer, maps: {old: Maps, now: Maps}, differences: Maps} | null} */
  let known = null;

  const channel = createDigitChannel(
    /** @param {{state: ExperimentState, shift: Shift}} question */
    async (question) => {
      const same = known?.state === question.state ? known.maps.old : null;
      const [{ answer, tensors }, now, old] = await Promise.all([
        api.postShift(question.state.digit, question.shift),
        mapsOf(moved(question.state.input, question.shift)),
        same ?? mapsOf(question.state.input),
      ]);
      return { ...question, answer, differences: tensors, maps: { old, now } };
    },
    {
      onAnswer(answered) {
        known = answered;
        paint();
        plot.mark(answered.shift);
        announce(describe(answered.answer));
      },
      onFailure: fail,
    },
  );

  /** @param {Shift} wanted */
  function move(wanted) {
    const next = { down: within(wanted.down), right: within(wanted.right) };
    if (next.down === shift.down && next.right === shift.right) return;
    shift = next;
    paintDigit();
    if (state) channel.send({ state, shift });
  }

  /** Follows the hand at once; the networks come after. */
  function paintDigit() {
    if (!state) return;
    paintPlane(canvas, moved(state.input, shift), colors().ink, 1);
    setText(find(root, "#shift-place", HTMLElement), describeShift(shift));
    reset.disabled = !shift.down && !shift.right;
  }

  function paint() {
    paintDigit();
    if (!known) return;
    const { answer, maps, differences } = known;
    for (const view of rows) paintRow(view, answer, maps, differences);
    for (const row of readings) {
      const reading = answer.models.find(({ id }) => id === row.dataset.model)?.after ?? null;
      setText(find(row, ".digit", HTMLElement), reading ? String(reading.digit) : "–");
      setText(find(row, ".probability", HTMLElement), reading ? percent(reading.probability) : "");
    }
    root.dataset.shift = `${answer.shift.down},${answer.shift.right}`;
  }

  /**
   * @param {typeof rows[number]} view
   * @param {ShiftAnswer} answer
   * @param {{old: Maps, now: Maps}} maps
   * @param {Maps} differences
   */
  function paintRow(view, answer, maps, differences) {
    const model = view.row.dataset.model ?? "";
    const name = view.row.hasAttribute("data-choice") ? deeper.value : (view.row.dataset.layer ?? "");
    view.row.dataset.layer = name;
    const key = `${model}/${name}`;
    const layer = answer.models.find(({ id }) => id === model)?.layers.find((each) => each.name === name);
    const description = models[model].layers.find((each) => each.name === name);
    if (!layer || !description) return;
    const filter = strongest(maps.old[key]);
    const range = description.display_range[1];
    const old = planeOf(maps.old[key], filter);
    const scale = colors().diverging;
    const zoom = Math.max(1, Math.floor(ROOM / old.width));
    for (const [target, plane] of /** @type {const} */ ([
      [view.now, planeOf(maps.now[key], filter)],
      [view.old, moved(old, layer.map_shift)],
      [view.difference, planeOf(differences[key], filter)],
    ])) {
      target.width = plane.width;
      target.height = plane.height;
      paintPlane(target, plane, scale, range);
      enlarge(target, zoom);
    }
    setText(view.filter, `filter ${filter}`);
    setText(view.residual, layer.residual === null ? "none" : formatValue(layer.residual, 2));
    setText(view.reason, reasonOf(layer, description.receptive_field.jump, answer.shift));
    view.row.dataset.residual = String(layer.residual);
    view.row.dataset.exact = String(layer.exact);
  }

  /** Where the digit was taken hold of. @type {{x: number, y: number, shift: Shift} | null} */
  let hold = null;

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    hold = { x: event.clientX, y: event.clientY, shift };
  }, { signal });
  canvas.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!hold) return;
    move({ down: hold.shift.down + Math.round((clientY - hold.y) / ZOOM), right: hold.shift.right + Math.round((clientX - hold.x) / ZOOM) });
  }, { signal });
  for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, () => { hold = null; }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    move({ down: shift.down + step.down, right: shift.right + step.right });
  }, { signal });
  reset.addEventListener("click", () => {
    move({ down: 0, right: 0 });
    canvas.focus();
  }, { signal });
  deeper.addEventListener("change", paint, { signal });

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      paintDigit();
      channel.send({ state, shift });
      plot.update(newest);
    },
    layOut() {
      enlarge(canvas, ZOOM);
      paint();
    },
  };
}

/**
 * @param {Plane} input
 * @returns {Promise<Maps>}
 */
async function mapsOf(input) {
  const answers = await Promise.all(Object.entries(LAYERS).map(async ([model, layers]) => [model, await postPixels(model, input, layers)]));
  return Object.fromEntries(answers.flatMap(([model, tensors]) => Object.entries(tensors).map(([name, tensor]) => [`${model}/${name}`, tensor])));
}

/**
 * The same plane moved by whole cells; zeros come in.
 * @param {Plane} plane
 * @param {Shift} shift
 * @returns {Plane}
 */
export function moved({ width, height, data }, { down, right }) {
  const result = new Float32Array(data.length);
  for (let row = Math.max(0, down); row < Math.min(height, height + down); row += 1) {
    for (let column = Math.max(0, right); column < Math.min(width, width + right); column += 1) {
      result[row * width + column] = data[(row - down) * width + column - right];
    }
  }
  return { width, height, data: result };
}

/**
 * @param {Tensor} tensor
 * @param {number} filter
 * @returns {Plane}
 */
function planeOf({ shape: [, height, width], data }, filter) {
  return { width, height, data: data.subarray(filter * width * height, (filter + 1) * width * height) };
}

/** The filter with the largest value. @param {Tensor} tensor */
function strongest({ shape: [filters], data }) {
  let at = 0;
  for (let i = 1; i < data.length; i += 1) if (data[i] > data[at]) at = i;
  return Math.floor(at / (data.length / filters));
}

/**
 * Why a layer's maps moved along, or did not.
 * @param {LayerShift} layer
 * @param {number} jump
 * @param {Shift} shift
 */
function reasonOf({ kind, exact, residual }, jump, { down, right }) {
  if (!down && !right) return "Nothing has moved.";
  if (residual === null) return "No neuron sees nothing but image both times: its patches are too large.";
  if (!exact) {
    const pixels = [right, down].find((by) => by % jump) ?? 0;
    return `${plural(Math.abs(pixels), "pixel")} are ${formatValue(Math.abs(pixels) / jump, 3)} of its cells: no whole shift of the map fits.`;
  }
  if (residual === 0) return jump === 1 ? "It moved along exactly." : `It moved along exactly: a multiple of ${jump} pixels.`;
  return kind === "locally_connected2d" ? "Every place has weights of its own, so that the same stroke answers differently elsewhere." : "It did not move along.";
}

/** @param {Shift} shift */
function describeShift({ down, right }) {
  const parts = [];
  if (right) parts.push(`${Math.abs(right)} ${right > 0 ? "right" : "left"}`);
  if (down) parts.push(`${Math.abs(down)} ${down > 0 ? "down" : "up"}`);
  return parts.length ? `Moved ${parts.join(", ")}` : "Not moved";
}

/** @param {ShiftAnswer} answer */
function describe({ shift, models }) {
  const layers = models.find(({ id }) => id === "cnn")?.layers ?? [];
  const told = layers.filter(({ name }) => name === "conv1" || name === "pool1").map(({ name, residual }) => `${name} differs by ${residual === null ? "nothing that can be compared" : formatValue(residual, 2)}`);
  const read = models.map(({ id, after }) => `${id} reads ${readingOf(after)}`);
  return `${describeShift(shift)}. ${told.join(", ")}. ${read.join(", ")}.`;
}

/** @param {Prediction | null} reading */
function readingOf(reading) {
  return reading ? `${reading.digit}, ${percent(reading.probability)}` : "nothing";
}

/**
 * @param {number} count
 * @param {string} noun
 */
function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} pixels */
function within(pixels) {
  return Math.max(-FARTHEST, Math.min(FARTHEST, pixels));
}
