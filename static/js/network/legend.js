// @ts-check
/** @import { ColorScale } from "../draw/color-scale.js" */
import { setText } from "../dom/find.js";
import { paintPlane } from "../draw/plane.js";

const STEPS = 64;
const SMALL = 1e-4; // Smaller numbers would be mostly zeros.

/**
 * A color bar between two numbers.
 * @param {HTMLElement} root
 * @param {string} title
 */
export function createLegend(root, title) {
  const legend = document.createElement("span");
  legend.className = "legend";
  const [name, low, high] = ["span", "span", "span"].map((tag) => document.createElement(tag));
  const bar = document.createElement("canvas");
  bar.className = "plane";
  bar.width = STEPS;
  bar.height = 1;
  bar.setAttribute("aria-hidden", "true");
  legend.append(name, low, bar, high);
  root.append(legend);
  name.textContent = title;
  /** What is painted. @type {{scale: ColorScale | null, from: number, to: number, clips: boolean}} */
  let shown = { scale: null, from: 0, to: 0, clips: false };

  return {
    /**
     * @param {[number, number]} range
     * @param {ColorScale} scale
     * @param {boolean} [clips]  Whether values beyond an end, except 0, may be shown; they have its color.
     */
    update([from, to], scale, clips = false) {
      if (shown.scale === scale && shown.from === from && shown.to === to && shown.clips === clips) return;
      shown = { scale, from, to, clips };
      setText(low, formatValue(from) + (clips && from ? " and below" : ""));
      setText(high, formatValue(to) + (clips ? " and above" : ""));
      const data = Float32Array.from({ length: STEPS }, (_, i) => from + ((to - from) * i) / (STEPS - 1));
      paintPlane(bar, { width: STEPS, height: 1, data }, scale, to);
    },
  };
}

/**
 * A few significant digits, with a real minus sign; of very small numbers with a power of ten.
 * @param {number} value
 * @param {number} [digits]
 */
export function formatValue(value, digits = 3) {
  if (value === 0) return "0";
  if (Math.abs(value) >= SMALL) return String(Number(value.toPrecision(digits))).replace("-", "−");
  const [factor, exponent] = value.toExponential(digits - 1).split("e");
  return `${Number(factor)}${timesTenTo(Number(exponent))}`.replace("-", "−");
}

/** As it is written after a number. @param {number} exponent */
export function timesTenTo(exponent) {
  return ` × 10${[...String(exponent)].map((each) => (each === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(each)])).join("")}`;
}
