// @ts-check
/** @import { Plane } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
/** @import { LayerView } from "../state/selectors.js" */
import { find } from "../dom.js";
import { enlarge, paintPlane, paintSheet } from "../draw/plane.js";

const HEIGHT = 60; // Room for a sheet, in CSS pixels; one that is taller already is shown as it is.

/**
 * The whole network in one row: each layer's maps as a small sheet.
 * @param {HTMLElement} root
 */
export function createNetworkStrip(root) {
  /** @param {string} name */
  const canvasOf = (name) => find(root, `[data-strip="${name}"] canvas`, HTMLCanvasElement);

  return {
    /**
     * @param {Plane} input
     * @param {ColorScale} scale
     */
    updateInput(input, scale) {
      const canvas = canvasOf("input");
      paintPlane(canvas, input, scale, 1);
      enlarge(canvas, 2);
    },
    /**
     * @param {string} layer
     * @param {LayerView} view
     * @param {ColorScale} scale
     */
    updateLayer(layer, { source, maps }, scale) {
      const canvas = canvasOf(layer);
      const { height } = maps[0].plane;
      const columns = height === 1 ? 1 : Math.ceil(Math.sqrt(maps.length * 1.6));
      const rows = Math.ceil(maps.length / columns);
      paintSheet(canvas, maps.map(({ plane }) => plane), columns, scale, (i) => source.display_range[1] / maps[i].factor);
      enlarge(canvas, Math.max(1, Math.floor(HEIGHT / (rows * (height + 1) - 1))));
    },
  };
}
