// @ts-check
/** @import { LayerDescription, Neuron } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
import { find, findAll } from "../dom/find.js";
import { cellAt } from "../draw/grid-geometry.js";
import { revealUnit } from "../network/layer-section.js";

const MAP = "section.layer .unit .map";

/**
 * The elements of the feature maps: which map each one shows, and which one of each layer Tab reaches.
 * @param {Section[]} sections
 */
export function createMapElements(sections) {
  const network = find(document, ".network", HTMLElement);
  const roots = new Map(findAll(document, "section.layer", HTMLElement).map((root) => [root.dataset.layer ?? "", root]));
  const layers = new Map(sections.map(({ layer }) => [layer.name, layer]));

  /** @param {HTMLElement} map  @returns {HTMLElement} */
  const rootOf = (map) => /** @type {HTMLElement} */ (map.closest("section.layer"));

  return {
    network,
    /** The layers' sections of the page, by layer name. */
    roots,

    /** @param {{layer: string, filter: number}} neuron */
    elementOf({ layer, filter }) {
      return find(revealUnit(/** @type {HTMLElement} */ (roots.get(layer)), filter), ".map", HTMLElement);
    },

    /** @param {Element} target  @returns {HTMLElement | null} */
    mapUnder: (target) => (target instanceof HTMLElement && target.matches(MAP) ? target : null),

    /** @param {HTMLElement} map  @returns {{layer: LayerDescription, filter: number}} */
    mapShownBy(map) {
      const root = rootOf(map);
      const layer = /** @type {LayerDescription} */ (layers.get(root.dataset.layer ?? ""));
      return { layer, filter: findAll(root, ".unit .map", HTMLElement).indexOf(map) };
    },

    /** @param {HTMLElement} map  @param {MouseEvent} event  @param {DOMRect} [box]  Where the map was when the event happened. @returns {Neuron} */
    neuronAt(map, event, box = map.getBoundingClientRect()) {
      const { layer: { name, output_shape: [, rows, columns] }, filter } = this.mapShownBy(map);
      return { layer: name, filter, ...cellAt(box, event.clientX, event.clientY, rows, columns) };
    },

    /** Tab reaches one map of each layer, and the arrow keys the others. @param {HTMLElement} map */
    makeTabStop(map) {
      if (map.tabIndex === 0) return;
      for (const stop of findAll(rootOf(map), ".unit .map[tabindex]", HTMLElement)) {
        stop.removeAttribute("tabindex");
        stop.removeAttribute("aria-roledescription");
        stop.removeAttribute("aria-describedby");
        stop.setAttribute("role", "img");
      }
      map.tabIndex = 0;
      map.setAttribute("role", "application");
      map.setAttribute("aria-roledescription", "feature map");
      map.setAttribute("aria-describedby", "lens-keys");
    },
  };
}

/** @typedef {ReturnType<typeof createMapElements>} MapElements */
