// @ts-check
// Steps of gradient descent on one digit: kernels, maps and prediction before and after.
/** @import { GradientDescent, Plane, Tensor, ThemeColors } from "../../types.js" */
/** @import { Phases } from "./descent-result.js" */
import { build } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlargeInto, paintSheet } from "../../draw/plane.js";
import { restoreSlider } from "../../shell/url.js";
import { createLegend, formatValue } from "../../network/legend.js";
import { className, percent } from "../../network/prediction-bars.js";
import { chooseFilters, describeDescent, kernelPhases, mapPhases } from "./descent-result.js";

const COLUMNS = 4;
const ROOM = 230; // CSS pixels for the kernels or maps of one phase.
const MOST_STEPS = 20; // What the server takes in one request.
const PHASES = /** @type {const} */ (["before", "after", "difference"]);

/** @typedef {{response: GradientDescent, tensors: Record<string, Tensor>}} Descended */

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => ThemeColors} page.colors
 * @param {AbortSignal} page.signal
 * @param {(learningRate: number, steps: number) => void} page.request
 * @param {() => void} page.onRate  The learning rate was chosen.
 */
export function createDescent(root, { colors, signal, request, onRate }) {
  const slider = find(root, "#learning-rate", HTMLInputElement);
  const stepButton = find(root, "#step", HTMLButtonElement);
  const resetButton = find(root, "#unstep", HTMLButtonElement);
  const sentence = find(root, "#step-sentence", HTMLElement);
  const result = find(root, "#step-result", HTMLElement);
  const view = createDescentView(root);
  let steps = 0;
  /** @type {Descended | null} */
  let shown = null;

  /** On a logarithmic scale. */
  const learningRate = () => Number((10 ** slider.valueAsNumber).toPrecision(2));

  function paint() {
    stepButton.disabled = steps >= MOST_STEPS || (shown?.response.diverged ?? false);
    resetButton.disabled = !steps;
    result.hidden = !shown;
    root.dataset.steps = String(shown ? shown.response.steps_taken : 0);
    setText(sentence, shown ? describeDescent(shown.response) : steps ? "Computing…" : "No step taken.");
    if (shown) view.paint(shown, colors());
  }

  function reset() {
    steps = 0;
    shown = null;
    paint();
  }

  stepButton.addEventListener("click", () => {
    steps += 1;
    request(learningRate(), steps);
    paint();
  }, { signal });
  resetButton.addEventListener("click", reset, { signal });
  function showRate() {
    setText(find(root, "#learning-rate-value", HTMLOutputElement), formatValue(learningRate()));
  }

  slider.addEventListener("input", () => {
    showRate();
    if (steps) request(learningRate(), steps);
    onRate();
  }, { signal });

  return {
    /** Another digit or class: back to the network as it is. */
    reset,
    /** @param {Descended} newest */
    update(newest) {
      if (!steps) return; // Reset before the response arrived.
      shown = newest;
      paint();
    },
    layOut: paint,
    /** The slider's position for a link; null where it begins. */
    rate: () => (slider.value === slider.defaultValue ? null : slider.value),
    /** @param {string | null} text  As a link has it. */
    restore(text) {
      restoreSlider(slider, text);
      showRate();
    },
  };
}

/** @param {HTMLElement} root */
function createDescentView(root) {
  const body = find(root, "#step-predictions tbody", HTMLElement);
  const legends = find(root, "#step-legends", HTMLElement);
  const rows = {
    kernels: { value: createLegend(legends, "weights"), change: createLegend(legends, "change of weights") },
    maps: { value: createLegend(legends, "maps"), change: createLegend(legends, "change of maps") },
  };

  /**
   * @param {keyof typeof rows} name
   * @param {Phases} phases
   * @param {number[]} filters
   * @param {ThemeColors} colors
   */
  function paintRow(name, phases, filters, { diverging }) {
    const shown = PHASES.map((phase) => filters.map((filter) => phases[phase][filter]));
    const [range, afterRange, changeRange] = shown.map(rangeOfAll);
    PHASES.forEach((phase, i) => {
      const canvas = find(root, `[data-of="${name}"] .${phase}`, HTMLCanvasElement);
      paintSheet(canvas, shown[i], COLUMNS, diverging, () => (phase === "difference" ? changeRange : range));
      enlargeInto(canvas, ROOM);
    });
    const hasNegative = shown[0].some(({ data }) => data.some((value) => value < 0));
    rows[name].value.update([hasNegative ? -range : 0, range], diverging, afterRange > range);
    rows[name].change.update([-changeRange, changeRange], diverging);
  }

  return {
    /** @param {Descended} shown  @param {ThemeColors} colors */
    paint({ tensors }, colors) {
      const kernels = kernelPhases(tensors.kernels);
      const filters = chooseFilters(kernels);
      paintRow("kernels", kernels, filters, colors);
      paintRow("maps", mapPhases(tensors.maps), filters, colors);
      const { shape: [, classes], data } = tensors.probabilities;
      body.replaceChildren(...Array.from({ length: classes }, (_, digit) => build("tr", {},
        build("th", { scope: "row" }, className(digit)), build("td", {}, percent(data[digit])), build("td", {}, percent(data[classes + digit])))));
    },
  };
}

/** @param {Plane[]} planes */
function rangeOfAll(planes) {
  return Math.max(...planes.map(({ data }) => largestAbsolute(data))) || 1;
}
