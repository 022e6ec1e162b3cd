// @ts-check
// Predictions against the translation, as curves and in words. Uses neither elements nor requests.
/** @import { ComparedModel, MeanTranslationCurve, TranslationCurve } from "../../types.js" */
/** @import { Series } from "../../draw/curve-plot.js" */

/** What the plot shows. @typedef {{offsets: number[], title: string, series: Series[]}} Figure */

/** The perceptron's hidden layer, whose activations turn. @typedef {{model: string, layer: string, neurons: number}} Hidden */

/**
 * One digit: the probability of the correct class.
 * @param {TranslationCurve} curve
 * @param {ComparedModel[]} compared
 * @param {Hidden} hidden
 * @returns {Figure}
 */
export function figureOfDigit({ offsets, label, models }, compared, hidden) {
  const layer = models.find(({ id }) => id === hidden.model)?.layers.find(({ name }) => name === hidden.layer);
  return {
    offsets,
    title: `Probability of ${label}`,
    series: [...curvesOf(models, compared, ({ probability }) => probability), cosineOf(layer?.cosine ?? [], hidden)],
  };
}

/**
 * Many test digits: the share that is classified correctly.
 * @param {MeanTranslationCurve} mean
 * @param {"right" | "down"} direction
 * @param {ComparedModel[]} compared
 * @param {Hidden} hidden
 * @returns {Figure}
 */
export function figureOfTestDigits({ digits, directions }, direction, compared, hidden) {
  const { offsets, models } = directions[direction];
  const perceptron = models.find(({ id }) => id === hidden.model);
  return {
    offsets,
    title: `Share of ${digits.toLocaleString("en")} test digits classified correctly`,
    series: [...curvesOf(models, compared, ({ accuracy }) => accuracy), cosineOf(perceptron?.cosine ?? [], hidden)],
  };
}

/**
 * What the curves show: how far each network tolerates the translation.
 * @param {Figure} figure
 * @param {"right" | "down"} direction
 * @param {number} neurons  Of the perceptron's hidden layer.
 */
export function describeFigure({ offsets, series }, direction, neurons) {
  const cosine = series.find(({ connection }) => connection === "cosine")?.values[offsets.indexOf(4)] ?? null;
  return `Moved ${direction}. ${describeReach({ offsets, series })}. After 4 pixels the perceptron's ${neurons} activations have a cosine of `
    + `${cosine === null ? "–" : cosine.toFixed(2)} with those before: for the perceptron, a moved digit is another digit.`;
}

/** How far each network tolerates the translation. @param {Pick<Figure, "offsets" | "series">} figure */
export function describeReach({ offsets, series }) {
  const last = offsets[offsets.length - 1];
  return series.filter(({ connection }) => connection !== "cosine").map(({ name, values }) => {
    const fallen = offsets.findIndex((by, i) => by > 0 && (values[i] ?? 0) < 0.5);
    return `${name}: ${fallen < 0 ? `above one half up to ${last} pixels` : `below one half from ${offsets[fallen]} pixels on`}`;
  }).join("; ");
}

/**
 * @template {{id: string}} M
 * @param {M[]} models
 * @param {ComparedModel[]} compared
 * @param {(model: M) => number[]} valuesOf
 * @returns {Series[]}
 */
function curvesOf(models, compared, valuesOf) {
  return compared.flatMap(({ id, name, connection }) => models.filter((model) => model.id === id).map((model) => ({ id, connection, name, values: valuesOf(model) })));
}

/** @param {(number | null)[]} values  @param {Hidden} hidden  @returns {Series} */
function cosineOf(values, { neurons }) {
  return { id: "cosine", connection: "cosine", name: `cosine of its ${neurons}`, values };
}
