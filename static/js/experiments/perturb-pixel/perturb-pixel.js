// @ts-check
/** @import { ExperimentContext, ExperimentState, ModelInFull, PerturbPixelResponse, Tensor, ThemeColors } from "../../types.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { arrowStep, stepWithin } from "../../dom/grid-keys.js";
import { build } from "../../dom/build.js";
import { find, findAll, setText } from "../../dom/find.js";
import { cellAt } from "../../draw/grid-geometry.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { formatValue } from "../../network/legend.js";
import { numbersIn } from "../../shell/url.js";
import { darkestPixel, describeChanges, describeShare, gridOf, largestChanges, perturbedInput, summarize, visibleChanges } from "./changes.js";

const DIGIT_ZOOM = 7;
const ROOM = 112; // CSS pixels for the picture of one layer.
const LARGEST_ZOOM = 22;

/**
 * The end of a layer's color scale, as a share of its usual range. One pixel rarely changes a neuron by more. The share is
 * smaller for neurons with more inputs, because a single pixel contributes less to their sum.
 */
const SHARE_OF_RANGE = { maps: 1 / 5, single: 1 / 12, image: 1 / 40 };

/** @typedef {{row: number, column: number}} Position */

/**
 * Change one pixel, and paint the changes in every layer of each network.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createPerturbPixel(root, { api, colors, models, compared, fail, announce, rememberInAddress, signal }) {
  const digit = createDigitView(root);
  const views = findAll(root, ".perturbed-model", HTMLElement).map((element) => createModelView(element, models[element.dataset.model ?? ""]));
  const names = new Map(Object.values(compared).map(({ id, name }) => [id, name]));

  /** @type {ExperimentState | null} */
  let state = null;
  /** The pixel that is changed. @type {Position | null} */
  let pixel = null;
  let isChosen = false; // By the visitor; else it is the darkest one of the first digit.
  /** The pixel that Enter would change. @type {Position} */
  let cursor = { row: 0, column: 0 };
  /** @type {{response: PerturbPixelResponse, tensors: Record<string, Tensor>} | null} */
  let shown = null;

  const channel = createDigitChannel(
    /** @param {{digit: ExperimentState["digit"], pixel: Position}} request */
    (request) => api.postPerturbPixel(request.digit, request.pixel),
    {
      onResponse(newest) {
        shown = newest;
        paint();
        announce(describeChanges(newest.response, (id) => names.get(id) ?? id));
      },
      onFailure: fail,
    },
  );

  function request() {
    if (state && pixel) channel.send({ digit: state.digit, pixel });
  }

  /** @param {Position} chosen */
  function perturb(chosen) {
    pixel = cursor = chosen;
    isChosen = true;
    digit.placeCursor(cursor);
    request();
    rememberInAddress();
  }

  function paint() {
    if (!shown) return;
    const { response, tensors } = shown;
    digit.paint(tensors.input, response.pixel, colors());
    for (const view of views) {
      const model = response.models.find(({ id }) => id === view.id);
      if (model) view.update(model, tensors, colors());
    }
    root.dataset.pixel = `${response.pixel.row},${response.pixel.column}`;
  }

  digit.canvas.addEventListener("click", ({ clientX, clientY }) => {
    perturb(cellAt(digit.canvas.getBoundingClientRect(), clientX, clientY, digit.canvas.height, digit.canvas.width));
  }, { signal });
  digit.canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (step) {
      cursor = stepWithin(cursor, step, [digit.canvas.height, digit.canvas.width]);
      digit.placeCursor(cursor);
      announce(`Row ${cursor.row}, column ${cursor.column}`);
    } else if (event.key === "Enter" || event.key === " ") {
      perturb(cursor);
    } else {
      return;
    }
    event.preventDefault();
  }, { signal });
  for (const type of ["focus", "blur"]) digit.canvas.addEventListener(type, () => digit.placeCursor(cursor), { signal });

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      pixel ??= cursor = darkestPixel(newest.input);
      request();
    },
    layOut() {
      enlarge(digit.canvas, DIGIT_ZOOM);
      for (const view of views) view.layOut();
      paint();
    },
    fields: () => ({ px: isChosen && pixel ? `${pixel.row}.${pixel.column}` : null }),
    /** @param {URLSearchParams} fields */
    restore(fields) {
      const position = numbersIn(fields, "px", [digit.canvas.height, digit.canvas.width]);
      if (position) perturb({ row: position[0], column: position[1] });
    },
  };
}

/**
 * The digit with its changed pixel and the keyboard's cursor.
 * @param {HTMLElement} root
 */
function createDigitView(root) {
  const canvas = find(root, "#perturbed-digit", HTMLCanvasElement);
  const caption = find(root, "#perturbed-pixel", HTMLElement);
  const mark = find(root, ".perturbed-mark", HTMLElement);
  const pointer = find(root, ".perturbed-cursor", HTMLElement);

  return {
    canvas,

    /** @param {Position} cursor */
    placeCursor(cursor) {
      put(pointer, cursor);
      pointer.hidden = document.activeElement !== canvas || !canvas.matches(":focus-visible");
    },

    /**
     * @param {Tensor} input
     * @param {PerturbPixelResponse["pixel"]} pixel
     * @param {ThemeColors} colors
     */
    paint(input, pixel, { ink }) {
      const { row, column, before, after } = pixel;
      paintPlane(canvas, perturbedInput(input, pixel), ink, 1);
      put(mark, pixel);
      setText(caption, `Row ${row}, column ${column}: ${before < after ? "paper to ink" : "ink to paper"}, ${formatValue(before, 2)} → ${formatValue(after, 2)}`);
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {ModelInFull} model
 */
function createModelView(root, model) {
  const sentence = find(root, ".live", HTMLElement);
  const [, inputHeight] = model.layers[0].input_shape;
  const layers = new Map(findAll(root, "[data-layer]", HTMLLIElement).map((item) => {
    const layer = model.layers.find(({ name }) => name === item.dataset.layer);
    if (!layer) throw new Error(`${model.id} has no layer ${item.dataset.layer}`);
    const canvas = find(item, ".perturbed-picture canvas", HTMLCanvasElement);
    Object.assign(canvas, gridOf(layer.output_shape));
    const kind = layer.output_shape[1] > 1 ? "maps" : layer.input_shape[1] === inputHeight ? "image" : "single";
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
     * @param {PerturbPixelResponse["models"][number]} changes
     * @param {Record<string, Tensor>} tensors
     * @param {ThemeColors} colors
     */
    update(changes, tensors, { diverging }) {
      sentence.replaceChildren(...summarize(changes).map((part) => (typeof part === "number" ? build("b", {}, part.toLocaleString("en")) : part)));
      for (const change of changes.layers) {
        const view = layers.get(change.name);
        if (!view) continue;
        const { item, canvas, range, count, share, legend, high } = view;
        paintPlane(canvas, visibleChanges(largestChanges(tensors[`${model.id}/${change.name}`]), range), diverging, range);
        const ramp = Float32Array.from({ length: legend.width }, (_, i) => (i / (legend.width - 1)) * range);
        paintPlane(legend, visibleChanges({ width: legend.width, height: 1, data: ramp }, range), diverging, range);
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
 * @param {HTMLElement} element
 * @param {Position} position
 */
function put(element, { row, column }) {
  element.style.setProperty("--row", String(row));
  element.style.setProperty("--column", String(column));
  element.hidden = false;
}
