// @ts-check
// The accuracy that each network loses when it is trained on permuted pixels, in numbers and in words. Uses neither elements nor requests.
/** @import { PixelPermutation, Plane } from "../../types.js" */

/** A network's accuracies, with its name. @typedef {PixelPermutation["models"][number] & {name: string}} TrainedModel */

/**
 * The measured networks that are compared, in the order of the comparison and with their names.
 * @param {PixelPermutation} record
 * @param {{id: string, name: string}[]} compared
 * @returns {TrainedModel[]}
 */
export function comparedModels(record, compared) {
  return compared.flatMap(({ id, name }) => record.models.filter((model) => model.id === id).map((model) => ({ ...model, name })));
}

/**
 * The digit with its pixels permuted.
 * @param {Plane} input
 * @param {number[]} permutation
 * @returns {Plane}
 */
export function permuted(input, permutation) {
  return { ...input, data: Float32Array.from(permutation, (from) => input.data[from]) };
}

/**
 * The network that loses least and the one that loses most.
 * @param {TrainedModel[]} models
 */
export function describeLosses(models) {
  const [least, ...others] = [...models].sort((a, b) => lossOf(a) - lossOf(b));
  const most = others[others.length - 1];
  const noise = Math.max(...[least.plain, least.permuted].map(({ deviation }) => deviation ?? 0));
  const within = lossOf(least) < 3 * noise ? ", about as much as from seed to seed" : "";
  return `${least.name}: loses ${points(least)}${within}. ${most.name}: loses ${points(most)}, `
    + `${Math.round(lossOf(most) / Math.max(lossOf(least), 1e-4))} times as much.`;
}

/** How the measurement was made. @param {PixelPermutation} record */
export function describeTraining({ seeds, epochs, training_digits: training, validation_digits: validation }) {
  return `Measured beforehand: each network was trained ${seeds.length} times on plain and ${seeds.length} times on permuted digits, `
    + `${training.toLocaleString("en")} of them, for ${epochs} epochs without augmentation; the accuracy is on ${validation.toLocaleString("en")} other digits.`;
}

/** The lost accuracy in percentage points. @param {TrainedModel} model */
export function points(model) {
  return `${(100 * lossOf(model)).toFixed(2).replace("-", "−")} points`;
}

/** @param {number} accuracy */
export function share(accuracy) {
  return `${(100 * accuracy).toFixed(2)}%`;
}

/** @param {TrainedModel} model */
function lossOf(model) {
  return model.plain.mean - model.permuted.mean;
}
