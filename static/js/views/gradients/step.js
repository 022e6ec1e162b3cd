// @ts-check
/** @import { Plane, StepAnswer, Tensor, ThemeColors } from "../../types.js" */
import { build } from "../../dom-build.js";
import { find, setText } from "../../dom.js";
import { enlarge, paintSheet } from "../../draw/plane.js";
import { createLegend, formatValue } from "../legend.js";
import { percent } from "../prediction-bars.js";

const COLUMNS = 4;
const MOST_STEPS = 20; // What the server takes in one request.
const PHASES = ["before", "after", "difference"];

/** @typedef {ReturnType<typeof createLegend>} Legend */

/**
 * Steps of gradient descent on one digit: kernels, maps and reading before and after.
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => ThemeColors} page.colors
 * @param {AbortSignal} page.signal
 * @param {(rate: number, steps: number) => void} page.ask
 */
export function createStep(root, { colors, signal, ask }) {
  const slider = find(root, "#rate", HTMLInputElement);
  const stepButton = find(root, "#step", HTMLButtonElement);
  const resetButton = find(root, "#unstep", HTMLButtonElement);
  const sentence = find(root, "#step-sentence", HTMLElement);
  const result = find(root, "#step-result", HTMLElement);
  const body = find(root, "#step-readings tbody", HTMLElement);
  const legends = find(root, "#step-legends", HTMLElement);
  const legendOf = {
    kernels: createLegend(legends, "weights"), kernelChange: createLegend(legends, "change of weights"),
    maps: createLegend(legends, "maps"), mapChange: createLegend(legends, "change of maps"),
  };
  let steps = 0;
  /** @type {{answer: StepAnswer, tensors: Record<string, Tensor>} | null} */
  let shown = null;

  /** Decades of learning rates are alike. */
  const rate = () => Number((10 ** slider.valueAsNumber).toPrecision(2));

  function paint() {
    stepButton.disabled = steps >= MOST_STEPS;
    resetButton.disabled = !steps;
    result.hidden = !shown;
    root.dataset.steps = String(shown ? shown.answer.steps : 0);
    if (!shown) {
      setText(sentence, steps ? "Computing…" : "No step taken.");
      return;
    }
    const { answer: { losses: [before, after], steps: taken, rate: at, readings }, tensors } = shown;
    const [first, last] = readings.map((reading) => reading && `${reading.digit} (${percent(reading.probability)})`);
    sentence.replaceChildren(
      build("b", {}, `${taken} ${taken === 1 ? "step" : "steps"}`), ` at rate ${formatValue(at)}: loss `, build("b", {}, `${formatValue(before)} → ${formatValue(after)}`),
      ` nats${first && last ? `, read as ${first} → ${last}` : ""}${after > before ? ". Uphill: the rate is too large." : "."}`,
    );
    paintRow("kernels", tensors.kernels, legendOf.kernels, legendOf.kernelChange);
    paintRow("maps", tensors.maps, legendOf.maps, legendOf.mapChange);
    const [old, now] = [tensors.probabilities.data.subarray(0, 10), tensors.probabilities.data.subarray(10)];
    body.replaceChildren(...[...old].map((probability, digit) => build("tr", {},
      build("th", { scope: "row" }, String(digit)), build("td", {}, percent(probability)), build("td", {}, percent(now[digit])))));
  }

  /**
   * @param {"kernels" | "maps"} name
   * @param {Tensor} tensor  [2, F, …, k, k], before and after.
   * @param {Legend} legend
   * @param {Legend} changeLegend
   */
  function paintRow(name, tensor, legend, changeLegend) {
    const scale = colors().diverging;
    const half = tensor.data.length / 2;
    const [before, after] = [tensor.data.subarray(0, half), tensor.data.subarray(half)];
    const change = after.map((value, i) => value - before[i]);
    const [range, changeRange] = [largest(before), largest(change)];
    const [height, width] = tensor.shape.slice(-2);
    [before, after, change].forEach((data, i) => {
      const canvas = find(root, `[data-of="${name}"] .${PHASES[i]}`, HTMLCanvasElement);
      paintSheet(canvas, planes(data, width, height), COLUMNS, scale, () => (i === 2 ? changeRange : range));
      enlarge(canvas, name === "kernels" ? 10 : 2);
    });
    legend.update([name === "kernels" ? -range : 0, range], scale);
    changeLegend.update([-changeRange, changeRange], scale);
  }

  function reset() {
    steps = 0;
    shown = null;
    paint();
  }

  stepButton.addEventListener("click", () => {
    steps += 1;
    ask(rate(), steps);
    paint();
  }, { signal });
  resetButton.addEventListener("click", reset, { signal });
  slider.addEventListener("input", () => {
    setText(find(root, "#rate-value", HTMLOutputElement), formatValue(rate()));
    if (steps) ask(rate(), steps);
  }, { signal });

  return {
    /** Another digit, or another right answer: back to the network as it is. */
    reset,
    /** @param {{answer: StepAnswer, tensors: Record<string, Tensor>}} newest */
    update(newest) {
      if (!steps) return; // Reset while the answer was on its way.
      shown = newest;
      paint();
    },
    layOut: paint,
  };
}

/** @param {Float32Array} data  @param {number} width  @param {number} height  @returns {Plane[]} */
function planes(data, width, height) {
  const size = width * height;
  return Array.from({ length: data.length / size }, (_, i) => ({ width, height, data: data.subarray(i * size, (i + 1) * size) }));
}

/** @param {Float32Array} data */
function largest(data) {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
}
