// @ts-check
/** @import { Box } from "../types.js" */
import { build } from "../dom-build.js";
import { put } from "./sweep-stage.js";

/**
 * The receptive field, drawn over the pad, the 28×28 input and every earlier layer's maps; the rest is dimmed.
 *
 * The maps of a layer all show the same box, so it is four numbers on the layer's section, and the style sheet
 * draws it over each map: moving it touches one element per layer, however many maps there are.
 *
 * @param {{pad: HTMLElement, input: HTMLElement, sections: Map<string, HTMLElement>}} places
 */
export function createReceptiveField({ pad, input, sections }) {
  const [overPad, overInput] = [pad, input].map((canvas) => {
    const overlay = build("div", { class: "field-overlay", "aria-hidden": "true", hidden: true }, build("span", { class: "cell-frame" }));
    canvas.after(overlay);
    return overlay;
  });
  overPad.classList.add("over-pad");
  /** @type {HTMLElement | null} */
  let unit = null;

  return {
    /**
     * @param {object} view
     * @param {Box} view.pad     In shares of the pad, 0–1, as all of these.
     * @param {Box} view.input
     * @param {Map<string, Box>} view.layers  Sections of earlier layers.
     * @param {{section: string, filter: number, cell: Box}} view.own
     * @param {{section: string, texts: string[], weak: boolean[]} | null} view.feeds  What each map of the layer read adds.
     */
    update(view) {
      for (const [overlay, box] of /** @type {const} */ ([[overPad, view.pad], [overInput, view.input]])) {
        overlay.hidden = false;
        setBox(overlay, box);
        put(/** @type {HTMLElement} */ (overlay.firstElementChild), box);
      }
      for (const [name, section] of sections) {
        const box = view.layers.get(name);
        section.toggleAttribute("data-field", Boolean(box));
        if (box) setBox(section, box);
        label(section, view.feeds?.section === name ? view.feeds : null);
      }
      const own = sections.get(view.own.section);
      const inspected = /** @type {HTMLElement | null} */ (own?.querySelectorAll(".unit")[view.own.filter] ?? null);
      if (inspected !== unit) {
        unit?.removeAttribute("data-inspected");
        unit = inspected;
        unit?.setAttribute("data-inspected", "");
      }
      if (unit) setBox(unit, view.own.cell);
    },
    clear() {
      overPad.hidden = overInput.hidden = true;
      for (const section of sections.values()) {
        section.removeAttribute("data-field");
        label(section, null);
      }
      unit?.removeAttribute("data-inspected");
      unit = null;
    },
  };
}

/**
 * @param {HTMLElement} element
 * @param {Box} box
 */
function setBox(element, { top, left, height, width }) {
  element.style.setProperty("--field-top", String(top));
  element.style.setProperty("--field-left", String(left));
  element.style.setProperty("--field-height", String(height));
  element.style.setProperty("--field-width", String(width));
}

/**
 * @param {HTMLElement} section
 * @param {{texts: string[], weak: boolean[]} | null} feeds
 */
function label(section, feeds) {
  if (!feeds && !section.hasAttribute("data-feeding")) return;
  section.toggleAttribute("data-feeding", Boolean(feeds));
  section.querySelectorAll(".unit").forEach((item, filter) => {
    item.toggleAttribute("data-weak", Boolean(feeds?.weak[filter]));
    const side = /** @type {HTMLElement} */ (item.firstElementChild);
    if (feeds) side.dataset.adds = feeds.texts[filter];
    else delete side.dataset.adds;
  });
}
