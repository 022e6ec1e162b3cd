// @ts-check
// What one trained network predicts for the digit on the pad, and its maps beside the kernels that painted them.
/** @import { ModelDescription, Plane, ThemeColors } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
import { build, resizeList } from "../dom/build.js";
import { find, setText } from "../dom/find.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { createPredictionBars, describePrediction } from "../network/prediction-bars.js";
import { planesOf } from "../network/selectors.js";

export const MAPS = "relu1"; // Of the networks that are trained here.
const FEW = 12; // So many maps, or fewer, are shown larger.

/** @param {HTMLElement} root  A `_digit-result.html`. */
export function createDigitResult(root) {
  const bars = find(root, ".prediction-bars", HTMLOListElement);
  const list = find(root, ".train-maps", HTMLUListElement);
  /** @type {HTMLLIElement[]} */
  const items = [];
  /** Of the bars that are there. @type {{classes: string[], update: ReturnType<typeof createPredictionBars>["update"]} | null} */
  let known = null;

  /** @param {string[]} classes */
  function updateOf(classes) {
    if (known?.classes !== classes) {
      const longest = Math.max(...classes.map(({ length }) => length));
      bars.dataset.names = longest > 2 ? "long" : longest > 1 ? "short" : "";
      bars.replaceChildren(...classes.map((name) => build("li", {},
        build("span", { class: "digit", title: name }, name), build("span", { class: "bar" }, build("i")), build("span", { class: "probability" }, "–"))));
      known = { classes, update: createPredictionBars(bars).update };
    }
    return known.update;
  }

  return {
    /**
     * @param {{activations: Activations, model: ModelDescription, kernels: Plane[]}} result
     * @param {ThemeColors} colors
     * @param {{weights: number, maps: number}} ranges
     */
    paint({ activations: { tensors, prediction }, model, kernels }, { diverging }, ranges) {
      setText(find(root, ".sentence", HTMLElement), describePrediction(prediction, (label) => model.classes[label]));
      updateOf(model.classes)(prediction, tensors.probabilities?.data ?? null);
      resizeList(list, items, kernels.length, (number) =>
        build("li", {},
          build("canvas", { class: "plane kernel", width: 5, height: 5, role: "img", "aria-label": `Kernel ${number}` }),
          build("canvas", { class: "plane map", width: 28, height: 28, role: "img" }),
          build("span", {})));
      const zoom = kernels.length > FEW ? 2 : 3;
      planesOf(tensors[MAPS]).forEach((plane, number) => {
        const [kernel, map] = [".kernel", ".map"].map((selector) => find(items[number], selector, HTMLCanvasElement));
        paintPlane(kernel, kernels[number], diverging, ranges.weights);
        enlarge(kernel, Math.floor((zoom * plane.height) / kernels[number].height));
        paintPlane(map, plane, diverging, ranges.maps);
        enlarge(map, zoom);
        const mark = plane.data.some((activation) => activation !== 0) ? "" : model.layers.some(({ name, dead_filters: dead }) => name === MAPS && dead.includes(number)) ? "dead" : "inactive";
        map.setAttribute("aria-label", mark ? `Map ${number}, ${mark}` : `Map ${number}`);
        setText(find(items[number], "span", HTMLElement), [number, mark].join(" ").trim());
      });
    },
  };
}
