// @ts-check
/** @import { Plane, Tensor } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
/** @import { LayerView, Section } from "./selectors.js" */
import { find, findAll, setText } from "../dom/find.js";
import { paintAt, paintSheet, sheetSize } from "../draw/plane.js";
import { createLegend, formatValue } from "./legend.js";
import { largestAbsolute } from "../draw/largest.js";
import { orderOf, sheetFor } from "./layer-sheet.js";

const FIRST = 12; // Maps that are shown of a layer with many.
const MANY = 16; // Up to so many are all shown.
// CSS pixels.
const GAP = 12;
const POOL_SIDE = 52; // Beside a map without a kernel.
const TEXT = 36; // Number and mark of a map, under its kernel.
const NAME = 18; // Of a filter, under kernel and map.

/**
 * One layer: each filter's kernel beside its feature map; all maps in one canvas, and all kernels in another.
 * @param {HTMLElement} root
 * @param {Section} section
 * @param {{isolate: (layer: string, filter: number) => void}} actions
 */
export function createLayerSection(root, section, actions) {
  const legends = find(root, ".legends", HTMLElement);
  const mapLegend = createLegend(legends, "maps");
  const kernelLegend = section.layer.parameters ? createLegend(legends, "kernels") : null;
  const canvases = { maps: find(root, "canvas.maps", HTMLCanvasElement), kernels: find(root, "canvas.kernels", HTMLCanvasElement) };
  const units = findAll(root, ".unit", HTMLLIElement).map((item, filter) => {
    // A click on the map itself opens the lens.
    find(item, ".side", HTMLElement).addEventListener("click", () => actions.isolate(section.layer.name, filter));
    return { item, mark: find(item, ".mark", HTMLElement) };
  });
  const [count, height, width] = section.layer.output_shape;
  const more = /** @type {HTMLButtonElement | null} */ (root.querySelector(".show-all"));
  let showsAll = count <= MANY;
  /** The maps in the order in which they are shown. */
  let order = units.map((_, filter) => filter);
  let sheet = sheetFor({ width: 0, map: 0, cells: [height, width], side: 0, tall: 0, gap: GAP });
  /** What is painted. @type {{view: LayerView, scale: ColorScale} | null} */
  let painted = null;
  /** @type {{tensor: Tensor, scale: ColorScale, range: number} | null} */
  let kernels = null;
  let sectionWidth = 0;

  more?.addEventListener("click", () => {
    showsAll = !showsAll;
    more.setAttribute("aria-expanded", String(showsAll));
    setText(more, showsAll ? `Show ${FIRST} of ${count}` : `Show all ${count}`);
    arrange();
  });

  const shown = () => (root.dataset.only ? [Number(root.dataset.only)] : showsAll ? order : order.slice(0, FIRST));

  /** The left and top edge of each map that is shown, in CSS pixels. */
  function corners() {
    return shown().map((filter, i) => ({ filter, x: (i % sheet.columns) * sheet.pitch[0], y: Math.floor(i / sheet.columns) * sheet.pitch[1] }));
  }

  /** Place the maps that are shown, hide the others, and paint. */
  function arrange() {
    const isShown = new Set(shown());
    order.forEach((filter, i) => {
      units[filter].item.style.order = String(i);
      units[filter].item.hidden = !isShown.has(filter);
    });
    const rows = Math.ceil(isShown.size / sheet.columns);
    root.style.setProperty("--sheet-height", `${rows * sheet.pitch[1]}px`);
    paintMaps();
    paintKernels();
    root.dispatchEvent(new Event("arranged"));
  }

  function paintMaps() {
    if (!painted || !sectionWidth) return;
    const { view: { source, maps }, scale } = painted;
    const { zoom, pitch: [across, down], columns } = sheet;
    const rows = Math.ceil(shown().length / columns);
    const planes = corners().map(({ filter, x, y }) => ({ plane: maps[filter].plane, x: x / zoom, y: y / zoom, range: source.display_range[1] / maps[filter].factor }));
    paintAt(canvases.maps, { width: ((columns - 1) * across) / zoom + width, height: (rows * down) / zoom }, planes, scale, zoom);
  }

  function paintKernels() {
    if (!kernels || !sectionWidth) return;
    const { tensor, scale, range } = kernels;
    canvases.kernels.dataset.cell = String(kernelSheet(tensor).zoom);
    const rows = Math.ceil(shown().length / sheet.columns);
    const planes = corners().flatMap(({ filter, x, y }) => kernelPlanes(tensor, filter).map((each) => ({ ...each, x: x + each.x, y: y + each.y, range })));
    paintAt(canvases.kernels, { width: sheet.columns * sheet.pitch[0], height: rows * sheet.pitch[1] }, planes, scale, 1);
  }

  /** Enlarge the maps by a whole number, to at most the size that the style sheet sets. */
  function layOut(newWidth = sectionWidth) {
    sectionWidth = newWidth;
    const style = getComputedStyle(root);
    const size = parseFloat(style.getPropertyValue("--kernel-size"));
    const kernel = kernels ? kernelSheet(kernels.tensor) : { width: kernelLegend ? size : POOL_SIDE, height: kernelLegend ? size : 0 };
    const [side, tall] = [Math.max(size, kernel.width), kernel.height + TEXT];
    sheet = sheetFor({ width: newWidth, map: parseFloat(style.getPropertyValue("--map-size")), cells: [height, width], side, tall, under: "named" in root.dataset ? NAME : 0, gap: GAP });
    root.style.setProperty("--sheet-columns", String(sheet.columns));
    const lengths = { across: sheet.pitch[0], down: sheet.pitch[1], "map-width": width * sheet.zoom, "map-height": height * sheet.zoom, "side-width": side, left: sheet.left, "kernel-width": kernel.width, "kernel-height": kernel.height };
    for (const [name, length] of Object.entries(lengths)) root.style.setProperty(`--sheet-${name}`, `${length}px`);
    arrange();
  }

  return {
    layOut,

    /** Show the most active maps first. */
    sort() {
      if (!painted || count <= MANY) return;
      const next = orderOf(painted.view.maps.map(({ plane }) => plane.data.reduce((sum, value) => sum + Math.max(0, value), 0)), FIRST);
      if (next.every((filter, i) => filter === order[i])) return;
      order = next;
      arrange();
    },

    /**
     * @param {Tensor} tensor  [F, C, k, k]
     * @param {ColorScale} scale
     * @param {number} [range]  The value at the end of the color scale; 0: the largest weight.
     */
    showKernels(tensor, scale, range = 0) {
      const known = kernels;
      const largest = largestAbsolute(tensor.data);
      kernels = { tensor, scale, range: range || largest };
      if (known) paintKernels(); else layOut();
      kernelLegend?.update([-kernels.range, kernels.range], scale, largest > kernels.range);
    },

    /**
     * @param {LayerView} view
     * @param {ColorScale} scale
     * @param {{layer: string, filter: number} | null} isolated
     */
    update(view, scale, isolated) {
      painted = { view, scale };
      mapLegend.update(view.source.display_range, scale, true);
      paintMaps();
      view.maps.forEach((map, filter) => describe(units[filter], map, isolated?.layer === section.layer.name && isolated.filter === filter));
    },
  };
}

/** A map with its kernel. Of a layer with many only some are shown at first. @param {HTMLElement} root  @param {number} filter */
export function revealUnit(root, filter) {
  const unit = findAll(root, ".unit", HTMLLIElement)[filter];
  if (unit.hidden) find(root, ".show-all", HTMLButtonElement).click();
  return unit;
}

/**
 * The size of a filter's kernels: one for each input channel, in rows.
 * @param {Tensor} kernels  [F, C, k, k]
 */
function kernelSheet({ shape: [, channels, rows, columns] }) {
  const across = Math.ceil(Math.sqrt(channels));
  const cells = sheetSize(channels, across, columns, rows);
  const room = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--kernel-size"));
  const zoom = Math.max(1, Math.round(room / cells.width));
  return { across, zoom, width: cells.width * zoom, height: cells.height * zoom };
}

/**
 * A filter's kernels, and where they are on their sheet.
 * @param {Tensor} kernels
 * @param {number} filter
 */
function kernelPlanes(kernels, filter) {
  const { data, shape: [, channels, height, width] } = kernels;
  const { across, zoom } = kernelSheet(kernels);
  return Array.from({ length: channels }, (_, channel) => {
    const begin = (filter * channels + channel) * height * width;
    const plane = { width, height, data: data.subarray(begin, begin + height * width) };
    return { plane, zoom, x: (channel % across) * (width + 1) * zoom, y: Math.floor(channel / across) * (height + 1) * zoom };
  });
}

/**
 * @param {{item: HTMLElement, mark: HTMLElement}} unit
 * @param {LayerView["maps"][number]} map
 * @param {boolean} isIsolated
 */
function describe({ item, mark }, { plane, factor, peak, mark: word }, isIsolated) {
  const boosted = factor > 1.05;
  setText(mark, word || boosted ? `\n${word || `×${formatFactor(factor)}`}` : describePeak(plane, peak));
  mark.classList.toggle("loud", Boolean(word) || boosted);
  item.toggleAttribute("data-isolated", isIsolated);
}

/**
 * A map's largest value, in the line under its number; a 1×1 map has only one.
 * @param {Plane} plane
 * @param {number} peak
 */
function describePeak(plane, peak) {
  return plane.data.length === 1 ? `\n${formatValue(peak)}` : `max\n${formatValue(peak, 2)}`;
}

/** @param {number} factor */
function formatFactor(factor) {
  return factor < 10 ? factor.toFixed(1) : String(Math.round(factor));
}
