// @ts-check
// The lesson "Local against global": weights counted, a pixel changed, templates compared and the digit moved.
/** @import { Measure } from "./lesson.js" */
import { postFeatureComparison, postPerturbPixel, postTranslation, postTranslationCurve } from "../api/experiments.js";
import { requestNeuron } from "../api/neuron.js";
import { requestPrediction } from "../api/activations.js";
import { largestAbsolute } from "../draw/largest.js";
import { darkestPixel, describeClass } from "../experiments/perturb-pixel/changes.js";
import { describeReach, figureOfDigit } from "../experiments/translation/curves.js";
import { fieldOf } from "../experiments/translation/offsets.js";
import { formatValue } from "../network/legend.js";
import { planeOf } from "../network/selectors.js";
import { formatCount } from "./lesson.js";

const SHIFT = { down: 0, right: 4 };

/** @type {Measure} */
export async function measure(digit, networks) {
  const { "fully-connected": perceptron, convolution } = networks;
  const { tensors, prediction } = await requestPrediction(convolution.model, digit, { dtype: "float32" });
  const input = planeOf(tensors.input);
  const pixel = darkestPixel(input);
  const ids = [perceptron.id, convolution.id];
  const label = digit.label ?? (prediction ? undefined : 0);
  const [perturbed, features, moved, curve] = await Promise.all([
    postPerturbPixel(digit, pixel, ids),
    postFeatureComparison(digit),
    postTranslation(digit, SHIFT, ids),
    postTranslationCurve(digit, { direction: "right", label }),
  ]);
  const [dense, local] = [perceptron, convolution].map(({ model }) => model.layers[0]);
  const template = features.perceptron.order[0];
  const { kernel: [weights] } = await requestNeuron(perceptron.id, digit, { layer: dense.name, filter: template, row: 0, column: 0 });
  const plane = { ...input, data: Float32Array.from(weights.flat()) };
  const [[globally], [locally]] = perturbed.response.models.map(({ layers }) => layers);
  const [byPerceptron, byConvolution] = moved.response.models;
  const [filters, height, width] = local.output_shape;
  return {
    values: {
      pixels: formatCount(input.data.length),
      features: formatCount(dense.output_shape[0]),
      dense_weights: formatCount(dense.weights),
      filters: String(filters),
      size: (local.kernel_size ?? [1, 1]).join("×"),
      weights: formatCount(local.weights),
      outputs: formatCount(filters * height * width),
      products: formatCount(local.multiply_adds),
      cells: formatCount(height * width),
      row: String(pixel.row),
      column: String(pixel.column),
      global_changed: `${globally.changed} of ${globally.neurons}`,
      local_changed: `${locally.changed_per_filter[0]} of ${formatCount(height * width)}`,
      active: `${features.perceptron.active} of ${features.perceptron.activations.length}`,
      template: String(template),
      template_activation: formatValue(features.perceptron.activations[template]),
      shift: String(SHIFT.right),
      perceptron_before: describeClass(byPerceptron.before),
      perceptron_moved: describeClass(byPerceptron.after),
      convolution_before: describeClass(byConvolution.before),
      convolution_moved: describeClass(byConvolution.after),
      curves: describeReach(figureOfDigit(curve, Object.values(networks), { model: perceptron.id, layer: dense.name, neurons: dense.output_shape[0] })),
    },
    links: {
      count: "go=layer-costs",
      pixel: `px=${pixel.row}.${pixel.column}&go=perturb-pixel`,
      features: "go=feature-comparison",
      move: `move=${fieldOf(SHIFT)}&go=translation`,
    },
    figures: {
      digit: { plane: input, scale: "ink", range: 1, caption: "the digit; the pixel of step 2 is framed", frame: { top: pixel.row, left: pixel.column, height: 1, width: 1 } },
      template: { plane, scale: "diverging", range: largestAbsolute(plane.data) || 1, caption: `template ${template}, the most activated one` },
    },
  };
}
