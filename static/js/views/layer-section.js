// @ts-check
/** @import { Plane, Tensor } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
/** @import { LayerView, Section } from "../state/selectors.js" */
import { find, findAll, setText } from "../dom.js";
import { enlarge, paintPlane, paintSheet, sheetSize } from "../draw/plane.js";
import { createLegend, formatValue } from "./legend.js";

const LARGEST_ZOOM = 42; // A 1×1 map needs no more room than a 3×3 one.

/**
 * One layer: each filter's kernel beside the map it paints.
 * @param {HTMLElement} root
 * @param {Section} section
 * @param {{isolate: (layer: string, filter: number) => void}} actions
 */
export function createLayerSection(root, section, actions) {
  const legends = find(root, ".legends", HTMLElement);
  const mapLegend = createLegend(legends, "maps");
  const kernelLegend = section.layer.parameters ? createLegend(legends, "kernels") : null;
  const units = findAll(root, ".unit", HTMLLIElement).map((item, filter) => {
    // The map itself is the lens's to be clicked.
    find(item, ".side", HTMLElement).addEventListener("click", () => actions.isolate(section.layer.name, filter));
    return {
      item,
      map: find(item, "canvas.map", HTMLCanvasElement),
      mark: find(item, ".mark", HTMLElement),
      kernel: /** @type {HTMLCanvasElement | null} */ (item.querySelector("canvas.kernel")),
    };
  });
  const [, height, width] = section.layer.output_shape;

  return {
    /** Fit maps to the room that the style sheet gives them, by whole numbers. */
    layOut() {
      const room = parseFloat(getComputedStyle(root).getPropertyValue("--map-size"));
      const zoom = Math.min(LARGEST_ZOOM, Math.max(1, Math.floor(room / Math.max(width, height))));
      for (const { map } of units) enlarge(map, zoom);
    },

    /**
     * @param {Tensor} kernels  [F, C, k, k]
     * @param {ColorScale} scale
     * @param {number} [range]  Of the colors; left out: their own largest weight.
     */
    showKernels(kernels, scale, range = 0) {
      const [, channels, rows, columns] = kernels.shape;
      if (!range) for (const weight of kernels.data) range = Math.max(range, Math.abs(weight));
      const across = Math.ceil(Math.sqrt(channels));
      const room = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--kernel-size"));
      const zoom = Math.max(1, Math.round(room / sheetSize(channels, across, columns, rows).width));
      const size = rows * columns;
      units.forEach(({ kernel }, filter) => {
        if (!kernel) return;
        const planes = Array.from({ length: channels }, (_, channel) => {
          const begin = (filter * channels + channel) * size;
          return { width: columns, height: rows, data: kernels.data.subarray(begin, begin + size) };
        });
        paintSheet(kernel, planes, across, scale, () => range);
        enlarge(kernel, zoom);
      });
      root.style.setProperty("--kernel-size", `${sheetSize(channels, across, columns, rows).width * zoom}px`);
      kernelLegend?.update([-range, range], scale);
    },

    /**
     * @param {LayerView} view
     * @param {ColorScale} scale
     * @param {{layer: string, filter: number} | null} isolated
     */
    update({ source, maps }, scale, isolated) {
      const high = source.display_range[1];
      mapLegend.update(source.display_range, scale);
      maps.forEach(({ plane, factor, peak, mark }, filter) => {
        const unit = units[filter];
        paintPlane(unit.map, plane, scale, high / factor);
        const boosted = factor > 1.05;
        setText(unit.mark, mark || (boosted ? `×${formatFactor(factor)}` : describePeak(plane, peak)));
        unit.mark.classList.toggle("loud", Boolean(mark) || boosted);
        const selected = isolated?.layer === section.layer.name && isolated.filter === filter;
        unit.item.toggleAttribute("data-isolated", selected);
      });
    },
  };
}

/**
 * A map's largest value; of a 1×1 map it is the value.
 * @param {Plane} plane
 * @param {number} peak
 */
function describePeak(plane, peak) {
  return plane.data.length === 1 ? formatValue(peak) : `≤ ${formatValue(peak, 2)}`;
}

/** @param {number} factor */
function formatFactor(factor) {
  return factor < 10 ? factor.toFixed(1) : String(Math.round(factor));
}
