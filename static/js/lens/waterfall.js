// @ts-check
import { build, resizeList } from "../dom/build.js";

/**
 * Signed bars that each begin where the one before ended, so that the last one ends at the sum. Hidden from screen readers,
 * because the same numbers are beside it as text.
 */
export function createWaterfall() {
  const zero = build("b", { class: "zero" });
  const root = build("div", { class: "waterfall", "aria-hidden": "true" }, zero);
  /** @type {HTMLElement[]} */
  const bars = [];

  return {
    root,
    /** @param {ArrayLike<number>} parts */
    update(parts) {
      const { low, span, steps } = runningSums(parts);
      resizeList(root, bars, parts.length, () => build("i"));
      place(zero, (0 - low) / span, (0 - low) / span, 0, parts.length);
      bars.forEach((bar, i) => {
        place(bar, (Math.min(steps[i], steps[i + 1]) - low) / span, (Math.max(steps[i], steps[i + 1]) - low) / span, i, parts.length);
        bar.className = parts[i] < 0 ? "negative" : "positive";
      });
    },
  };

  /**
   * @param {HTMLElement} bar
   * @param {number} from
   * @param {number} to
   * @param {number} index
   * @param {number} count
   */
  function place(bar, from, to, index, count) {
    bar.style.insetBlockEnd = `${100 * from}%`;
    bar.style.blockSize = `${100 * (to - from)}%`;
    if (bar === zero) return;
    bar.style.insetInlineStart = `${(100 * index) / count}%`;
    bar.style.inlineSize = `${100 / count}%`;
  }
}

/**
 * @param {ArrayLike<number>} parts
 * @returns {{steps: number[], low: number, span: number}} Sums before and after each part; the minimum of them and zero; their range.
 */
export function runningSums(parts) {
  const steps = [0];
  for (let i = 0; i < parts.length; i += 1) steps.push(steps[i] + parts[i]);
  const low = Math.min(...steps);
  return { steps, low, span: Math.max(...steps) - low || 1 };
}
