// @ts-check
// The contributions of a map added up: the gradient of its kernel.
/** @import { ThemeColors } from "../../types.js" */
/** @import { AssemblyState, Gradients } from "./assembly-state.js" */
import { build } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { largestAbsolute } from "../../draw/largest.js";
import { createNumberGrid } from "../../lens/number-grid.js";
import { commonPower } from "../../network/common-power.js";
import { createLegend, formatValue } from "../../network/legend.js";
import { sumContributions } from "./contributions.js";

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} legends
 */
export function createSumView(root, legends) {
  const sentence = find(root, "#assembly-sentence", HTMLElement);
  const residual = find(root, "#assembly-residual", HTMLElement);
  const grid = createNumberGrid("gradient");
  grid.root.tabIndex = 0;
  find(root, "#assembly-gradient", HTMLElement).append(grid.root);
  const legend = createLegend(legends, "gradient");

  return {
    table: grid.root,

    /** What is said of the sum. */
    words: () => residual.textContent ?? "",

    /**
     * @param {Gradients} gradients
     * @param {AssemblyState} state
     * @param {ThemeColors} colors
     */
    paint({ inputs, deltas, kernels, window }, { filter, added, weight }, { diverging }) {
      const [rows, columns] = window.size;
      const neurons = deltas[filter].data.length;
      const complete = kernels[filter];
      const range = largestAbsolute(complete) || 1;
      const weights = window.size.map((size, axis) => Math.ceil(size / window.dilation[axis])).reduce((product, each) => product * each);
      const sum = sumContributions(inputs[filter], deltas[filter], window, added);
      const { times, textOf } = commonPower(range);
      grid.update({
        label: `gradient${times}`,
        rows,
        columns,
        textOf: (i) => textOf(sum[i]),
        pixelOf: (i) => diverging.pixelOf(sum[i], range),
        markOf: (i) => (i === weight[0] * columns + weight[1] ? "winner" : ""),
      });
      grid.root.setAttribute("aria-label", `Gradient of kernel ${filter}; weight row ${weight[0]}, column ${weight[1]} is chosen. Arrow keys choose another.`);
      legend.update([-range, range], diverging);
      sentence.replaceChildren(
        build("b", {}, added.toLocaleString("en")), ` of ${neurons.toLocaleString("en")} contributions are added up: `,
        build("b", {}, (added * weights).toLocaleString("en")), " products, ", build("b", {}, String(weights)), " sums.",
      );
      const difference = Math.max(...sum.map((number, i) => Math.abs(number - complete[i]))) / range;
      const isComplete = added === neurons;
      setText(residual, !isComplete ? "the kernel's gradient so far" : difference === 0
        ? "complete: equal to the gradient by backpropagation"
        : `complete: differs from the gradient by backpropagation by ${formatValue(difference, 1)} of its largest number`);
      root.dataset.added = String(added);
      root.dataset.residual = isComplete ? String(difference) : "";
    },
  };
}
