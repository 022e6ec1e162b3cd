// @ts-check
/** @import { Box } from "../types.js" */
import { build } from "../dom/build.js";
import { put } from "../draw/sweep-stage.js";

const SVG = "http://www.w3.org/2000/svg";
const REST = 60; // Milliseconds.

/** @typedef {{section: string, texts: string[], weak: boolean[]}} Feeds  The contribution of each map of a section. */

/**
 * The receptive field, outlined on the pad, the input and the maps of every earlier layer; everything outside is dimmed.
 *
 * One element over each section draws the box on all its maps: an element for each map would take the compositor longer than
 * a frame.
 *
 * @param {{pad: HTMLElement, input: HTMLElement, sections: Map<string, HTMLElement>}} elements
 * @param {AbortSignal} signal
 */
export function createReceptiveField({ pad, input, sections }, signal) {
  const [overPad, overInput] = [pad, input].map((canvas) => {
    const overlay = build("div", { class: "field-overlay", "aria-hidden": "true", hidden: true }, build("span", { class: "cell-frame" }));
    canvas.after(overlay);
    return overlay;
  });
  overPad.classList.add("over-pad");
  const layers = new Map([...sections].map(([name, root]) => [name, createLayerOverlay(root, signal)]));
  // Sections outside the screen are neither measured nor drawn.
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      layers.get(/** @type {HTMLElement} */ (target).dataset.layer ?? "")?.setVisible(isIntersecting);
    }
  });
  for (const root of sections.values()) watcher.observe(root);
  signal.addEventListener("abort", () => watcher.disconnect(), { once: true });
  /** @type {Feeds | null} */
  let feeds = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let labeling;

  return {
    /** Measure the maps on the screen. Call it before the page is changed, so that it causes no layout. */
    measure() {
      for (const layer of layers.values()) layer.measure();
    },

    /**
     * @param {object} view
     * @param {Box} view.pad     In shares of the pad, 0–1, as all of these.
     * @param {Box} view.input
     * @param {Map<string, Box>} view.layers  Sections of earlier layers.
     * @param {{section: string, filter: number, cell: Box}} view.own
     * @param {Feeds | null} view.feeds
     */
    update(view) {
      for (const [overlay, box] of /** @type {const} */ ([[overPad, view.pad], [overInput, view.input]])) {
        overlay.hidden = false;
        overlay.style.setProperty("--field-top", String(box.top));
        overlay.style.setProperty("--field-left", String(box.left));
        overlay.style.setProperty("--field-height", String(box.height));
        overlay.style.setProperty("--field-width", String(box.width));
        put(/** @type {HTMLElement} */ (overlay.firstElementChild), box);
      }
      for (const [name, layer] of layers) {
        layer.show(view.layers.get(name) ?? null, view.own.section === name ? view.own : null);
      }
      feeds = view.feeds;
      // The boxes follow the pointer at once; the numbers beside the maps cause a layout, so they wait until it rests.
      clearTimeout(labeling);
      labeling = setTimeout(labelAll, REST);
    },

    clear() {
      overPad.hidden = overInput.hidden = true;
      for (const layer of layers.values()) layer.show(null, null);
      feeds = null;
      labelAll();
    },
  };

  function labelAll() {
    clearTimeout(labeling);
    for (const [name, section] of sections) label(section, feeds?.section === name ? feeds : null);
  }
}

/** @param {HTMLElement} root  @param {AbortSignal} signal */
function createLayerOverlay(root, signal) {
  const [dim, lines, halo, frame] = ["dim", "lines", "halo", "frame"].map((name) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    return path;
  });
  const overlay = document.createElementNS(SVG, "svg");
  overlay.setAttribute("class", "layer-overlay");
  overlay.setAttribute("aria-hidden", "true");
  overlay.append(dim, lines, halo, frame);
  root.append(overlay);
  const units = [...root.querySelectorAll(".unit")];
  const maps = [...root.querySelectorAll(".unit .map")];
  /** The area of each map, in CSS pixels from the overlay's corner. @type {Box[]} */
  let areas = [];
  let visible = false;
  /** @type {Box | null} */
  let field = null;
  /** @type {{filter: number, cell: Box} | null} */
  let own = null;
  let inspected = -1;

  function measure() {
    if (!visible) return;
    const corner = overlay.getBoundingClientRect();
    areas = maps.map((map) => {
      const { top, left, width, height } = map.getBoundingClientRect();
      return { top: top - corner.top, left: left - corner.left, width, height };
    });
  }

  function draw() {
    const drawn = visible && areas.length > 0;
    const boxes = drawn && field ? areas.map((area) => within(area, /** @type {Box} */ (field))) : [];
    dim.setAttribute("d", boxes.map((box, i) => (box.width ? rectangle(areas[i]) + rectangle(box) : "")).join(""));
    lines.setAttribute("d", boxes.map((box) => (box.width ? rectangle(box) : "")).join(""));
    const area = drawn && own ? areas[own.filter] : null;
    const marked = area && own ? rectangle(within(area, own.cell)) : "";
    halo.setAttribute("d", marked);
    frame.setAttribute("d", marked);
  }

  // The maps move within their section when kernels arrive, the window is resized, or they are sorted.
  function follow() {
    if (!visible || !(field || own)) return;
    measure();
    draw();
  }
  const mover = new ResizeObserver(follow);
  root.addEventListener("arranged", follow, { signal });
  for (const element of [root, units[0].firstElementChild]) if (element) mover.observe(element);
  signal.addEventListener("abort", () => mover.disconnect(), { once: true });

  return {
    measure,
    /** @param {boolean} now */
    setVisible(now) {
      visible = now;
      follow();
    },
    /**
     * @param {Box | null} box
     * @param {{filter: number, cell: Box} | null} neuron
     */
    show(box, neuron) {
      const nothing = !box && !neuron;
      if (nothing && !field && !own) return;
      field = box;
      own = neuron;
      root.toggleAttribute("data-field", Boolean(box));
      if (inspected !== (neuron?.filter ?? -1)) {
        units[inspected]?.removeAttribute("data-inspected");
        inspected = neuron?.filter ?? -1;
        units[inspected]?.setAttribute("data-inspected", "");
      }
      draw();
    },
  };
}

/**
 * @param {Box} area
 * @param {Box} share
 * @returns {Box}
 */
function within(area, share) {
  return {
    top: area.top + share.top * area.height,
    left: area.left + share.left * area.width,
    height: share.height * area.height,
    width: share.width * area.width,
  };
}

/** @param {Box} box  @returns {string} SVG path. */
function rectangle({ top, left, height, width }) {
  return `M${left} ${top}h${width}v${height}h${-width}z`;
}

/**
 * @param {HTMLElement} section
 * @param {Feeds | null} feeds
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
