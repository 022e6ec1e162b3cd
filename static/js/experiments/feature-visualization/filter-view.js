// @ts-check
// The pictures of one filter: its strongest patches, their mean, the maximizing image, and its kernel.
/** @import { Box, LayerDescription, ReceptiveField, Tensor, ThemeColors } from "../../types.js" */
import { find, findAll } from "../../dom/find.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlarge, enlargeInto, paintPlane } from "../../draw/plane.js";
import { planeOf, planesOf } from "../../network/selectors.js";
import { middleBox, patchOf } from "./patch.js";

const PATCH = 112; // CSS pixels, about.
const DIGIT_ZOOM = 3;
const PICTURE = 196;
const SLICE = 40;

/** @typedef {{response: {receptive_field: ReceptiveField, strongest: {box: Box}[]}, tensors: Record<string, Tensor>}} Visualization */

/** @param {Visualization} visualization  @param {LayerDescription} layer  @param {ThemeColors} colors */
export function paintVisualization({ response: { receptive_field: field, strongest }, tensors }, layer, { ink }) {
  const digits = planesOf(tensors.digits);
  findAll(document, "#favorites li", HTMLLIElement).forEach((item, i) => {
    const { box } = strongest[i];
    const patch = find(item, ".patch", HTMLCanvasElement);
    paintPlane(patch, patchOf(digits[i], box), ink, 1);
    enlarge(patch, Math.max(1, Math.floor(PATCH / Math.max(...field.size))));
    const whole = find(item, ".whole", HTMLCanvasElement);
    paintPlane(whole, digits[i], ink, 1);
    enlarge(whole, DIGIT_ZOOM);
    placeBox(find(item, ".box", HTMLElement), box, DIGIT_ZOOM);
  });
  const mean = find(document, "#mean-patch", HTMLCanvasElement);
  paintPlane(mean, planeOf(tensors.mean_patch), ink, 1);
  enlarge(mean, Math.max(1, Math.floor(PICTURE / Math.max(...field.size))));
  const image = find(document, "#maximizing-image", HTMLCanvasElement);
  paintPlane(image, planeOf(tensors.maximizing_image), ink, 1);
  enlargeInto(image, PICTURE);
  const [, rows, columns] = layer.output_shape;
  placeBox(find(/** @type {HTMLElement} */ (image.parentElement), ".box", HTMLElement), middleBox(field, [rows, columns]), Math.max(1, Math.floor(PICTURE / image.width)));
}

/**
 * A picture of the weights for each input channel.
 * @param {Tensor} kernels  [F, C, kH, kW]
 * @param {number} filter
 * @param {ReturnType<typeof import("../../network/legend.js").createLegend>} legend
 * @param {ThemeColors} colors
 */
export function paintKernel({ shape: [, channels, rows, columns], data }, filter, legend, { diverging }) {
  const range = largestAbsolute(data);
  const size = rows * columns;
  legend.update([-range, range], diverging);
  findAll(document, "#slices canvas", HTMLCanvasElement).forEach((canvas, channel) => {
    const begin = (filter * channels + channel) * size;
    paintPlane(canvas, { width: columns, height: rows, data: data.subarray(begin, begin + size) }, diverging, range);
    enlargeInto(canvas, channels === 1 ? PATCH : SLICE);
  });
}

/** @param {HTMLElement} frame  @param {Box} box  @param {number} zoom */
function placeBox(frame, { top, left, height, width }, zoom) {
  frame.style.insetInlineStart = `${left * zoom}px`;
  frame.style.insetBlockStart = `${top * zoom}px`;
  frame.style.inlineSize = `${width * zoom}px`;
  frame.style.blockSize = `${height * zoom}px`;
}
