// @ts-check
/** @import { Neuron } from "../types.js" */
/** @import { MapElements } from "./map-elements.js" */

/**
 * Opens and closes the lens: its side of the window, and the map that gets the focus when it is closed.
 * @param {{root: HTMLElement, show: (side: "top" | "bottom") => void, hide: () => void}} panel
 * @param {MapElements} maps
 */
export function createVisibility(panel, maps) {
  const narrow = matchMedia("(max-width: 760px)"); // As in the style sheet, where the lens is then at the bottom.
  /** The map that gets the focus when the lens is closed. @type {HTMLElement | null} */
  let opener = null;
  let returning = false;

  return {
    isHidden: () => panel.root.hidden,

    /** Of the window; null while the lens is closed. */
    side: () => (panel.root.hidden ? null : /** @type {"top" | "bottom"} */ (panel.root.dataset.side)),

    /** Whether the focus is just being moved back to a map, which must not open the lens again. */
    isReturning: () => returning,

    /** @param {HTMLElement} map */
    openedFrom(map) {
      opener = map;
    },

    /** Show the panel where it does not cover the inspected map. @param {Neuron} neuron */
    appear(neuron) {
      panel.show(narrow.matches ? "bottom" : "top");
      if ([maps.elementOf(neuron), opener].some((map) => map && isCovered(map, panel.root))) panel.show("bottom");
      document.documentElement.dataset.lens = panel.root.dataset.side;
      document.documentElement.style.setProperty("--lens-height", `${panel.root.offsetHeight}px`);
    },

    hide() {
      const returns = panel.root.contains(document.activeElement) || document.activeElement === document.body;
      panel.hide();
      delete document.documentElement.dataset.lens;
      returning = true;
      if (returns) opener?.focus({ preventScroll: true });
      opener = null;
      returning = false;
    },

    /** Scroll to a map that the panel covers, as it may on a phone. @param {Neuron} neuron */
    revealMap(neuron) {
      const map = maps.elementOf(neuron);
      if (isCovered(map, panel.root)) map.scrollIntoView({ block: "center", behavior: "instant" });
    },
  };
}

/** @typedef {ReturnType<typeof createVisibility>} Visibility */

/** @param {Element} element  @param {Element} by */
function isCovered(element, by) {
  const [box, cover] = [element.getBoundingClientRect(), by.getBoundingClientRect()];
  return box.bottom > cover.top && box.top < cover.bottom;
}
