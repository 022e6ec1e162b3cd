// @ts-check
/** @import { ExperimentContext, ExperimentState, LayerChange, ModelInFull, Plane, PokeAnswer, Prediction, Tensor } from "../../types.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { find, findAll, setText } from "../../dom.js";
import { cellAt } from "../../draw/grid-geometry.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { formatValue } from "../legend.js";
import { percent } from "../prediction-bars.js";

const PIXELS = 28;
const DIGIT_ZOOM = 7;
const ROOM = 112; // CSS pixels for the picture of one layer.
const LARGEST_ZOOM = 22;

/**
 * Of a layer's usual range: one pixel moves a neuron about that far, rarely farther. The more a neuron adds up, the wider
 * its range, and the smaller one pixel's part in it.
 */
const SHARE_OF_RANGE = { maps: 1 / 5, single: 1 / 12, image: 1 / 40 };

/** The tint of the smallest change, so that "another number" can be seen however near it is to the old one. */
const FAINTEST = 0.16;

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * Change one pixel, and paint what changes in every layer of each network.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createPoke(root, { api, colors, models, fail, announce, signal }) {
  const canvas = find(root, "#poke-pixels", HTMLCanvasElement);
  const caption = find(root, "#poke-pixel", HTMLElement);
  const mark = find(root, ".poke-mark", HTMLElement);
  const pointer = find(root, ".poke-cursor", HTMLElement);
  const views = findAll(root, ".poke-model", HTMLElement).map((element) => createModelView(element, models[element.dataset.model ?? ""]));

  /** @type {ExperimentState | null} */
  let state = null;
  /** @type {{row: number, column: number} | null} */
  let pixel = null;
  let cursor = { row: 13, column: 13 };
  /** @type {{answer: PokeAnswer, tensors: Record<string, Tensor>} | null} */
  let poked = null;

  const channel = createDigitChannel(
    /** @param {{digit: ExperimentState["digit"], pixel: {row: number, column: number}}} question */
    (question) => api.postPoke(question.digit, question.pixel),
    {
      onAnswer(answered) {
        poked = answered;
        paint();
        announce(describe(answered.answer));
      },
      onFailure: fail,
    },
  );

  function ask() {
    if (state && pixel) channel.send({ digit: state.digit, pixel });
  }

  /** @param {{row: number, column: number}} chosen */
  function poke(chosen) {
    pixel = cursor = chosen;
    placeCursor();
    ask();
  }

  function paint() {
    const input = poked?.tensors.input ?? null;
    if (!poked || !input) return;
    const { answer, tensors } = poked;
    const { row, column, before, after } = answer.pixel;
    const data = Float32Array.from(input.data);
    data[row * PIXELS + column] = after;
    paintPlane(canvas, { width: PIXELS, height: PIXELS, data }, colors().ink, 1);
    put(mark, answer.pixel);
    setText(caption, `Row ${row}, column ${column}: ${before < after ? "paper to ink" : "ink to paper"}, ${formatValue(before, 2)} → ${formatValue(after, 2)}`);
    for (const view of views) {
      const model = answer.models.find(({ id }) => id === view.id);
      if (model) view.update(model, tensors, colors());
    }
    root.dataset.pixel = `${row},${column}`;
  }

  function placeCursor() {
    put(pointer, cursor);
    pointer.hidden = document.activeElement !== canvas || !canvas.matches(":focus-visible");
  }

  canvas.addEventListener("click", ({ clientX, clientY }) => {
    poke(cellAt(canvas.getBoundingClientRect(), clientX, clientY, PIXELS, PIXELS));
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step) {
      cursor = { row: within(cursor.row + step[0]), column: within(cursor.column + step[1]) };
      placeCursor();
      announce(`Row ${cursor.row}, column ${cursor.column}`);
    } else if (event.key === "Enter" || event.key === " ") {
      poke(cursor);
    } else {
      return;
    }
    event.preventDefault();
  }, { signal });
  for (const type of ["focus", "blur"]) canvas.addEventListener(type, placeCursor, { signal });

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      pixel ??= cursor = darkest(newest.input);
      ask();
    },
    layOut() {
      enlarge(canvas, DIGIT_ZOOM);
      for (const view of views) view.layOut();
      paint();
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {ModelInFull} model
 */
function createModelView(root, model) {
  const sentence = find(root, ".live", HTMLElement);
  const layers = new Map(findAll(root, "[data-layer]", HTMLLIElement).map((item) => {
    const layer = model.layers.find(({ name }) => name === item.dataset.layer);
    if (!layer) throw new Error(`${model.id} has no layer ${item.dataset.layer}`);
    const canvas = find(item, ".poke-picture canvas", HTMLCanvasElement);
    const { width, height } = gridOf(layer.output_shape);
    const kind = layer.output_shape[1] > 1 ? "maps" : layer.input_shape[1] === PIXELS ? "image" : "single";
    canvas.width = width;
    canvas.height = height;
    return [layer.name, {
      item,
      canvas,
      range: layer.display_range[1] * SHARE_OF_RANGE[kind],
      count: find(item, ".count", HTMLElement),
      share: find(item, ".share", HTMLElement),
      legend: find(item, ".legend canvas", HTMLCanvasElement),
      high: find(item, ".legend span", HTMLElement),
    }];
  }));

  return {
    id: model.id,

    layOut() {
      for (const { canvas } of layers.values()) {
        enlarge(canvas, Math.min(LARGEST_ZOOM, Math.floor(ROOM / Math.max(canvas.width, canvas.height))));
      }
    },

    /**
     * @param {PokeAnswer["models"][number]} answer
     * @param {Record<string, Tensor>} tensors
     * @param {import("../../types.js").ThemeColors} colors
     */
    update(answer, tensors, { diverging }) {
      sentence.replaceChildren(...summarize(answer));
      for (const change of answer.layers) {
        const view = layers.get(change.name);
        if (!view) continue;
        const { item, canvas, range, count, share, legend, high } = view;
        paintPlane(canvas, tinted(strongestOf(tensors[`${model.id}/${change.name}`]), range), diverging, range);
        const ramp = Float32Array.from({ length: legend.width }, (_, i) => (i / (legend.width - 1)) * range);
        paintPlane(legend, tinted({ width: legend.width, height: 1, data: ramp }, range), diverging, range);
        setText(high, formatValue(range, 2));
        setText(count, `${change.changed.toLocaleString("en")} of ${change.neurons.toLocaleString("en")}`);
        setText(share, describeShare(change));
        item.dataset.changed = String(change.changed);
        item.dataset.neurons = String(change.neurons);
        item.dataset.reachable = String(change.reachable);
      }
    },
  };
}

/**
 * How a layer's change is spread over its maps, in few words.
 * @param {LayerChange} change
 */
function describeShare({ shape: [filters], changed, changed_per_filter: counts, neurons, reachable }) {
  if (changed === neurons) return "every neuron";
  if (changed < reachable) return `of ${reachable.toLocaleString("en")} that see it`;
  return counts.every((count) => count === counts[0]) ? `${counts[0]} in each of ${filters}` : "";
}

/**
 * @param {PokeAnswer["models"][number]} model
 * @returns {(Node | string)[]}
 */
function summarize({ before, after, layers: [first, cut] }) {
  const [filters, height, width] = first.shape;
  const spread = height * width === 1
    ? [bold(first.changed), ` of ${first.neurons} neurons of ${first.name} changed`]
    : [bold(first.changed_per_filter[0]), ` of ${height * width} neurons changed in each of ${filters} maps of ${first.name}: `, bold(first.changed)];
  return [...spread, ", after the ReLU ", bold(cut.changed), `. ${describeReadings(before, after)}`];
}

/**
 * @param {Prediction | null} before
 * @param {Prediction | null} after
 */
function describeReadings(before, after) {
  if (!after) return "";
  const [old, now] = [before, after].map((reading) => (reading ? `${reading.digit} (${percent(reading.probability)})` : "nothing"));
  return old === now ? `Reads ${old}, as before.` : `Reads ${now}, before ${old}.`;
}

/** @param {PokeAnswer} answer */
function describe({ pixel: { row, column, before, after }, models }) {
  const counts = models.map(({ id, layers: [first] }) => `${id}: ${first.changed} of ${first.neurons} in ${first.name}`);
  return `Row ${row}, column ${column}, from ${formatValue(before, 2)} to ${formatValue(after, 2)}. Changed neurons: ${counts.join("; ")}.`;
}

/** @param {number} count */
function bold(count) {
  const element = document.createElement("b");
  element.textContent = count.toLocaleString("en");
  return element;
}

/**
 * Where a layer's neurons are painted. Those of 1×1 maps have no place in the image: they fill a grid, row by row.
 * @param {[number, number, number]} shape
 */
function gridOf([filters, height, width]) {
  if (height * width > 1) return { width, height };
  const columns = filters === 500 ? 25 : Math.ceil(filters / 2);
  return { width: columns, height: Math.ceil(filters / columns) };
}

/**
 * The largest change at each place, over all maps; of 1×1 maps, each neuron's own.
 * @param {Tensor} tensor
 * @returns {Plane}
 */
function strongestOf({ shape, data }) {
  const [filters, height, width] = shape;
  const grid = gridOf([filters, height, width]);
  const size = height * width;
  if (size === 1) {
    const cells = new Float32Array(grid.width * grid.height);
    cells.set(data);
    return { ...grid, data: cells };
  }
  const strongest = Float32Array.from(data.subarray(0, size));
  for (let i = size; i < data.length; i += 1) strongest[i % size] = Math.max(strongest[i % size], data[i]);
  return { ...grid, data: strongest };
}

/**
 * @param {Plane} plane  0 or more.
 * @param {number} range
 * @returns {Plane}
 */
function tinted({ width, height, data }, range) {
  return { width, height, data: data.map((change) => (change === 0 ? 0 : Math.max(change, FAINTEST * range))) };
}

/**
 * The darkest pixel; on a blank pad the one in the middle.
 * @param {Plane} input
 */
function darkest({ data, width }) {
  let at = (width >> 1) * width + (width >> 1);
  data.forEach((ink, i) => {
    if (ink > data[at]) at = i;
  });
  return { row: Math.floor(at / width), column: at % width };
}

/**
 * @param {HTMLElement} element
 * @param {{row: number, column: number}} place
 */
function put(element, { row, column }) {
  element.style.setProperty("--row", String(row));
  element.style.setProperty("--column", String(column));
  element.hidden = false;
}

/** @param {number} position */
function within(position) {
  return Math.min(PIXELS - 1, Math.max(0, position));
}
