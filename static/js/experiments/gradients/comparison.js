// @ts-check
// What each of the compared networks computes for the gradient of its first layer, and how many numbers that are.
/** @import { ComparedNetwork, GradientsResponse, Tensor, ThemeColors } from "../../types.js" */
import { find, findAll, setText } from "../../dom/find.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { formatValue } from "../../network/legend.js";
import { planeOf } from "../../network/selectors.js";
import { layerPicture } from "./layer-picture.js";

const ROOM = 140; // CSS pixels for each image.

/**
 * @param {HTMLElement} root
 * @param {ComparedNetwork[]} networks
 */
export function createComparison(root, networks) {
  const tiles = findAll(root, "[data-model]", HTMLLIElement).map((tile) => ({
    tile,
    network: networks.find(({ id }) => id === tile.dataset.model),
    canvas: find(tile, "canvas", HTMLCanvasElement),
    hint: find(tile, ".hint", HTMLElement),
  }));

  return {
    /**
     * @param {{response: GradientsResponse, tensors: Record<string, Tensor>}} gradients
     * @param {number | null} filter  The chosen map; null if none is chosen.
     * @param {ThemeColors} colors
     */
    paint({ response, tensors }, filter, { diverging }) {
      for (const { tile, network, canvas, hint } of tiles) {
        const layer = response.models.find(({ id }) => id === network?.id)?.layers[0];
        if (!layer || !network) continue;
        setText(find(tile, ".products", HTMLElement), layer.products.toLocaleString("en"));
        setText(find(tile, ".gradients", HTMLElement), layer.gradients.toLocaleString("en"));
        setText(find(tile, ".ratio", HTMLElement), formatRatio(layer.products / layer.gradients));
        const { plane, words } = layerPicture(network, planeOf(tensors.input), tensors[`${network.id}/${layer.name}`], filter);
        const range = largestAbsolute(plane.data);
        paintPlane(canvas, plane, diverging, range || 1);
        enlarge(canvas, Math.max(1, Math.floor(ROOM / canvas.width)));
        setText(hint, `${words} Ends of the colors: ±${formatValue(range)}.`);
        canvas.setAttribute("aria-label", words);
      }
      root.dataset.label = String(response.label);
    },
  };
}

/** @param {number} ratio */
function formatRatio(ratio) {
  return ratio >= 10 ? Math.round(ratio).toLocaleString("en") : ratio.toFixed(2);
}
