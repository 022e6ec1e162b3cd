// @ts-check
// Which neurons are connected to which pixels, with which weights. Uses neither elements nor requests.
/** @import { Box, Connection, LayerCost, LayerCosts, LayerDescription, LayerGeometry } from "../../types.js" */
import { insideOf, patchSpan } from "../../draw/grid-geometry.js";

/** Positions of the marked neurons, as shares of the grid: far from each other, and on the ink of most digits. */
const MARKED = [[0.26, 0.42], [0.38, 0.66], [0.52, 0.5], [0.75, 0.4]];

/** The row of the table that belongs to each connection. */
const ROW_OF = /** @type {const} */ ({ "fully-connected": "perceptron", "locally-connected": "locally-connected", convolution: "convolution" });

/** @typedef {{row: number, column: number}} Position */

/** @typedef {{rows: number, columns: number, count: number}} Grid */

/**
 * What is drawn: a connection, one map of it, and a neuron that is pointed at, if there is one.
 * @typedef {object} Choice
 * @property {Connection} connection
 * @property {number} filter
 * @property {Position | null} pointed
 * @property {LayerGeometry} geometry
 * @property {LayerCosts} costs        Of this geometry.
 */

/**
 * The costs of the connection.
 * @param {Pick<Choice, "connection" | "costs">} choice
 * @returns {LayerCost}
 */
export function costOf({ connection, costs }) {
  const cost = costs.layers.find(({ id }) => id === ROW_OF[connection]);
  if (!cost) throw new Error(`no costs of ${connection}`);
  return cost;
}

/**
 * Whether a trained network has exactly this layer. For any other geometry, only the connections are known.
 * @param {Connection} connection
 * @param {LayerGeometry} geometry
 * @param {LayerDescription} layer  Of the trained network.
 */
export function isTrained(connection, { kernelSize, stride, padding, features }, layer) {
  if (connection === "fully-connected") return features === layer.output_shape[0];
  return [[kernelSize, layer.kernel_size], [stride, layer.stride], [padding, layer.padding]].every(
    ([chosen, trained]) => Array.isArray(trained) && trained.every((size) => size === chosen));
}

/**
 * Rows and columns in which the neurons are drawn.
 * @param {Pick<Choice, "connection" | "geometry" | "costs">} choice
 * @returns {Grid}
 */
export function gridOf({ connection, geometry, costs }) {
  if (connection === "fully-connected") {
    const columns = Math.ceil(Math.sqrt(1.25 * geometry.features));
    return { rows: Math.ceil(geometry.features / columns), columns, count: geometry.features };
  }
  const [, rows, columns] = costOf({ connection, costs }).output_shape;
  return { rows, columns, count: rows * columns };
}

/** @param {Grid} grid  @returns {Position[]} */
export function markedPositions({ rows, columns }) {
  return MARKED.map(([down, right]) => ({ row: Math.floor(down * rows), column: Math.floor(right * columns) }));
}

/**
 * The neurons whose connections are drawn: the one that is pointed at, or the marked ones.
 * @param {Choice} choice
 */
export function drawnPositions(choice) {
  return choice.pointed ? [choice.pointed] : markedPositions(gridOf(choice));
}

/**
 * The neuron that is drawn at a position.
 * @param {Pick<Choice, "connection" | "filter" | "geometry" | "costs">} choice
 * @param {Position} position
 */
export function neuronAt(choice, { row, column }) {
  if (choice.connection === "fully-connected") return { filter: row * gridOf(choice).columns + column, row: 0, column: 0 };
  return { filter: choice.filter, row, column };
}

/**
 * The pixels that a neuron reads; may reach into padding.
 * @param {Pick<Choice, "connection" | "geometry" | "costs">} choice
 * @param {Position} position
 * @returns {Box}
 */
export function patchOf({ connection, geometry: { kernelSize, stride, padding }, costs }, position) {
  const whole = connection === "fully-connected";
  return patchSpan({
    kernel_size: whole ? null : [kernelSize, kernelSize],
    stride: [stride, stride],
    padding: [padding, padding],
    input_shape: costs.input_shape,
  }, position);
}

/**
 * The number of drawn connections.
 * @param {Choice} choice
 */
export function countConnections(choice) {
  const [, inputHeight, inputWidth] = choice.costs.input_shape;
  return drawnPositions(choice).reduce((sum, position) => {
    const { width, height } = insideOf(patchOf(choice, position), inputHeight, inputWidth);
    return sum + width * height;
  }, 0);
}

/**
 * A key for a neuron's weights. In a convolution, all neurons of a filter have the same.
 * @param {Connection} connection
 * @param {{filter: number, row: number, column: number}} neuron
 */
export function keyOf(connection, { filter, row, column }) {
  return connection === "convolution" ? `${connection} ${filter}` : `${connection} ${filter} ${row} ${column}`;
}

/**
 * The neurons of the drawing whose weights are not known, one for each set of weights.
 * @param {Choice} choice
 * @param {ReadonlyMap<string, unknown>} known  By `keyOf`.
 */
export function missingNeurons(choice, known) {
  const { connection } = choice;
  const neurons = [...markedPositions(gridOf(choice)), ...drawnPositions(choice)].map((position) => neuronAt(choice, position));
  const byKey = new Map(neurons.map((neuron) => [keyOf(connection, neuron), neuron]));
  return [...byKey].filter(([key]) => !known.has(key)).map(([, neuron]) => neuron);
}

/**
 * What the connection means for one neuron, or for each.
 * @param {Choice} choice
 */
export function describeConnection(choice) {
  const { connection, pointed, geometry: { kernelSize } } = choice;
  const { inputs_per_output: inputs, weight_uses: uses } = costOf(choice);
  const patch = `${kernelSize}×${kernelSize}`;
  switch (connection) {
    case "fully-connected": {
      const neuron = pointed ? `Neuron ${neuronAt(choice, pointed).filter}` : "Each neuron";
      return `${neuron} reads all ${inputs} pixels, with ${inputs} weights of its own. No weight is used twice.`;
    }
    case "locally-connected":
      return `${nameOf(pointed)} reads its ${patch} patch, with ${plural(inputs, "weight")} of its own. No weight is used twice.`;
    case "convolution":
      return `${nameOf(pointed)} reads its ${patch} patch, with the same ${plural(inputs, "weight")} as all ${gridOf(choice).count} neurons of its map. Each weight is used ${times(uses)}.`;
  }
}

/** @param {Position | null} pointed */
function nameOf(pointed) {
  return pointed ? `Neuron row ${pointed.row}, column ${pointed.column}` : "Each neuron";
}

/**
 * @param {number} count
 * @param {string} noun
 */
function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} count */
function times(count) {
  return count === 1 ? "once" : `${count.toLocaleString("en")} times`;
}
