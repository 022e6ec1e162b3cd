// @ts-check
// One small map for each layer; pressing one shows it large.
/** @import { LayerMap } from "../../api/layer-maps.js" */
/** @import { MapColors } from "./map-painting.js" */
import { find, findAll } from "../../dom/find.js";
import { frameOf } from "./map-frame.js";
import { paintMap } from "./map-painting.js";

const SIZE = 116; // CSS pixels.

/**
 * @param {(layer: string) => void} choose
 * @param {AbortSignal} signal
 */
export function createLayerStrip(choose, signal) {
  const items = findAll(document, "#layer-strip button", HTMLButtonElement).map((button) => ({
    layer: button.dataset.layer ?? "",
    button,
    canvas: find(button, "canvas", HTMLCanvasElement),
    ring: find(button, ".ring", HTMLElement),
    /** @type {ReturnType<typeof frameOf> | null} */
    frame: null,
  }));
  for (const { button, layer } of items) button.addEventListener("click", () => choose(layer), { signal });

  return {
    /**
     * @param {(layer: string) => LayerMap | null} mapOf
     * @param {string} chosen  @param {MapColors} colors  @param {number | null} emphasized
     */
    paint(mapOf, chosen, colors, emphasized) {
      for (const item of items) {
        item.button.setAttribute("aria-pressed", String(item.layer === chosen));
        const map = mapOf(item.layer);
        if (!map) continue;
        item.frame = frameOf(map.points, SIZE);
        paintMap(item.canvas, item.frame, map.labels, colors, { numerals: false, emphasized });
      }
    },

    /** @param {(layer: string) => ArrayLike<number> | null} coordinatesOf */
    place(coordinatesOf) {
      for (const { layer, ring, frame } of items) {
        const coordinates = coordinatesOf(layer);
        ring.hidden = !coordinates || !frame;
        if (!coordinates || !frame) continue;
        const { x, y } = frame.place(coordinates[0], coordinates[1]);
        ring.style.translate = `${x.toFixed(1)}px ${y.toFixed(1)}px`;
      }
    },
  };
}
