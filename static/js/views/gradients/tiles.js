// @ts-check
/** @import { GradientsAnswer, Plane, Tensor, ThemeColors } from "../../types.js" */
import { find, findAll, setText } from "../../dom.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { keptApart } from "../../state/contributions.js";
import { planesOf } from "../../state/selectors.js";
import { formatValue } from "../legend.js";

/**
 * What each network computes for the gradient of its first layer, and what it keeps.
 * @param {HTMLElement} root
 * @param {() => ThemeColors} colors
 */
export function createTiles(root, colors) {
  const tiles = findAll(root, "[data-model]", HTMLLIElement).map((tile) => ({
    tile,
    model: tile.dataset.model ?? "",
    canvas: find(tile, "canvas", HTMLCanvasElement),
    hint: find(tile, ".hint", HTMLElement),
  }));

  return {
    /**
     * @param {GradientsAnswer["models"]} models
     * @param {Plane} input
     * @param {Record<string, Tensor>} tensors
     * @param {number} filter
     * @param {number} padding
     */
    update(models, input, tensors, filter, padding) {
      const { diverging } = colors();
      for (const { tile, model, canvas, hint } of tiles) {
        const layer = models.find(({ id }) => id === model)?.layers[0];
        if (!layer) continue;
        setText(find(tile, ".products", HTMLElement), layer.products.toLocaleString("en"));
        setText(find(tile, ".kept", HTMLElement), layer.kept.toLocaleString("en"));
        setText(find(tile, ".ratio", HTMLElement), formatRatio(layer.products / layer.kept));
        const delta = tensors[`${model}/${layer.name}`];
        const weight = tensors[`${model}/${layer.name}/weight`];
        const { plane, words, zoom } = pictureOf(model, input, delta, weight, filter, padding);
        const range = plane.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        paintPlane(canvas, plane, diverging, range || 1);
        enlarge(canvas, zoom);
        setText(hint, `${words} Ends of the colors: ±${formatValue(range)}.`);
        canvas.setAttribute("aria-label", words);
      }
    },
  };
}

/**
 * @param {string} model
 * @param {Plane} input
 * @param {Tensor} delta
 * @param {Tensor | undefined} weight
 * @param {number} filter
 * @param {number} padding
 */
function pictureOf(model, input, delta, weight, filter, padding) {
  const [, height, width] = delta.shape;
  if (weight) {
    const [, , tall, wide] = weight.shape;
    const plane = { width: wide, height: tall, data: weight.data.subarray(filter * tall * wide, (filter + 1) * tall * wide) };
    return { plane, zoom: 28, words: `Kernel ${filter}: ${height * width} neurons, one gradient of ${tall * wide} numbers.` };
  }
  if (width > 1) {
    const [size] = [2 * padding + 1];
    return { plane: keptApart(input, planesOf(delta)[filter], size, padding), zoom: 1, words: `Map ${filter}: ${height * width} neurons, ${height * width} gradients of ${size * size} numbers, each where its neuron stands.` };
  }
  const neuron = delta.data.reduce((best, value, i) => (Math.abs(value) > Math.abs(delta.data[best]) ? i : best), 0);
  const data = input.data.map((pixel) => pixel * delta.data[neuron]);
  return { plane: { ...input, data }, zoom: 5, words: `Neuron ${neuron} of ${delta.data.length}: its δ times the whole digit, ${data.length} numbers.` };
}

/** @param {number} ratio */
function formatRatio(ratio) {
  return ratio >= 10 ? Math.round(ratio).toLocaleString("en") : ratio.toFixed(2);
}
