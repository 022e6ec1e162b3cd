// @ts-check
/** @import { Digit, Framing, Prediction } from "../types.js" */
import { find, findAll, setText } from "../dom/find.js";
import { REMOVED } from "../shell/failures.js";

/** The names of the classes of the page's model. @type {string[]} */
let names = [];

/** @param {string[]} classes  Their names in everything that the page says. */
export function nameClasses(classes) {
  names = classes;
}

/** @param {number} label */
export const className = (label) => names[label] ?? String(label);

/** "a 3", "an 8". @param {number | string} label */
export const aDigit = (label) => `${label === 8 || label === "8" ? "an" : "a"} ${label}`;

/**
 * Ten probabilities as bars; none for a blank pad.
 * @param {HTMLElement} root
 */
export function createPredictionBars(root) {
  const rows = findAll(root, "li", HTMLLIElement).map((item) => ({
    item,
    bar: find(item, ".bar i", HTMLElement),
    number: find(item, ".probability", HTMLElement),
  }));
  return {
    /**
     * @param {Prediction | null} prediction
     * @param {Float32Array | null} probabilities
     */
    update(prediction, probabilities) {
      rows.forEach(({ item, bar, number }, digit) => {
        // The tensor may hold half precision, where 0.99947 becomes 0.99951.
        const exact = prediction?.digit === digit ? prediction.probability : probabilities?.[digit];
        const probability = prediction ? exact ?? null : null;
        bar.style.inlineSize = `${100 * (probability ?? 0)}%`;
        setText(number, probability === null ? "–" : percent(probability));
        if (prediction?.digit === digit) item.setAttribute("aria-current", "true");
        else item.removeAttribute("aria-current");
      });
    },
  };
}

/**
 * A probability in percent, never rounded to 0 or 100.
 * @param {number} probability
 */
export function percent(probability) {
  if (probability > 0.9995) return ">99.9%";
  if (probability < 0.0005) return "<0.1%";
  return `${(100 * probability).toFixed(1)}%`;
}

/**
 * @param {Prediction | null} prediction
 * @param {(label: number) => string} [nameOf]  Of another model's classes.
 * @returns {string}
 */
export function describePrediction(prediction, nameOf = className) {
  if (!prediction) return "The pad is blank: no prediction.";
  return `Looks like ${nameOf(prediction.digit)}, ${percent(prediction.probability)}.`;
}

/**
 * How the digit was prepared for the network, in few words.
 * @param {Digit} digit
 * @param {Framing} framing
 */
export function describeFraming(digit, framing) {
  if (digit.kind === "sample") return `test digit ${digit.index}`;
  if (framing.applied === "none") return "as uploaded";
  if (!framing.crop) return "blank";
  const box = framing.placed ? Math.max(framing.placed.height, framing.placed.width) : 20;
  const done = digit.kind === "image" ? "cropped, centered" : `fitted to ${box}×${box}, centered`;
  return [done, ...describeRest(framing)].join("; ");
}

/** @param {Framing} framing */
function describeRest({ removed, shapes }) {
  const things = Object.entries(REMOVED).flatMap(([kind, words]) => removed.includes(kind) ? words : []);
  return [
    ...(removed.includes("brightness") ? ["ink found by color"] : []),
    ...(things.length ? [`without ${things.join(", ")}`] : []),
    ...(shapes > 1 ? ["two separate shapes: only the larger is classified"] : []),
  ];
}
