// @ts-check
// What each filter of the first layer responds to, in words: on its kernel, and for the sweep and the lens. The names of a
// training step are requested once, when the browser is idle, and kept.
/** @import { ActivationsResponse, FilterName } from "../types.js" */
import { getFilterNames } from "../api/kernels.js";
import { build } from "../dom/build.js";
import { find, findAll } from "../dom/find.js";

/** @type {FilterName[]} */
const NONE = [];

/**
 * @param {string} model
 * @param {() => void} onLoad  Names have arrived.
 */
export function createFilterNames(model, onLoad) {
  /** The section of the layer whose filters have names; null for most networks. @type {HTMLElement | null} */
  const root = document.querySelector("section.layer[data-named]");
  const layer = root?.dataset.layer;
  /** By training step; null for the finished network. @type {Map<number | null, FilterName[]>} */
  const known = new Map();
  /** Those on the kernels. */
  let shown = NONE;

  /** @param {number | null} step */
  async function request(step) {
    known.set(step, NONE);
    await new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(resolve));
    try {
      known.set(step, (await getFilterNames(model, step)).filters);
      onLoad();
    } catch {
      known.delete(step); // The maps say what is wrong with the server; the next ones request the names again.
    }
  }

  return {
    /**
     * Such as "edge at 78°, ink on the left"; empty while it is unknown, and for filters without a name.
     * @param {string} of    The layer.
     * @param {number} filter
     * @param {number | null} step  The training step of the weights; null for the finished network.
     */
    nameOf: (of, filter, step) => (of === layer ? wordsOf(known.get(step)?.[filter]) : ""),

    /** The address of a filter's page; undefined if it has none. @param {number} filter */
    pageOf: (filter) => root?.dataset.named && root.dataset.named + filter,

    /**
     * Name the kernels. The difference of two training steps has no name.
     * @param {ActivationsResponse} response  What the page shows.
     * @param {boolean} isAtRest  Whether names may be requested.
     */
    show({ training }, isAtRest) {
      if (!root) return;
      const step = training?.step ?? null;
      if (isAtRest && !known.has(step)) request(step);
      const names = (training?.shown.compared ? null : known.get(step)) ?? NONE;
      if (names === shown) return;
      shown = names;
      findAll(root, ".unit", HTMLElement).forEach((unit, filter) => nameUnit(unit, `${layer}, kernel ${filter}`, wordsOf(names[filter])));
    },
  };
}

/** @param {FilterName | undefined} filter */
function wordsOf(filter) {
  return !filter || filter.kind === "inactive" ? "" : filter.name;
}

/** @param {HTMLElement} unit  @param {string} kernel  @param {string} name */
function nameUnit(unit, kernel, name) {
  find(unit, ".kernel", HTMLElement).setAttribute("aria-label", name ? `${kernel}: ${name}` : kernel);
  find(unit, ".side", HTMLElement).title = name;
  const caption = unit.querySelector(".unit-name") ?? build("small", { class: "unit-name", "aria-hidden": "true" });
  // Where there is no room for both parts, the style sheet shows the first.
  caption.replaceChildren(...name.split(/(?=, )/).map((part) => build("span", {}, part)));
  unit.append(caption);
}
