// @ts-check
/** @import { ComparedNetwork, ExperimentState, Plane, ThemeColors } from "../../types.js" */
/** @import { Choice } from "./wiring.js" */
import { find, findAll, setText } from "../../dom/find.js";
import { insideOf } from "../../draw/grid-geometry.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { createLegend } from "../../network/legend.js";
import { createWires } from "./wires.js";
import { countConnections, drawnPositions, gridOf, isTrained, keyOf, markedPositions, neuronAt, patchOf } from "./wiring.js";

const NARROW = 560; // CSS pixels of the stage below which its pictures are half as large.

/**
 * The drawing and the known values.
 * @typedef {object} View
 * @property {Choice} choice
 * @property {ExperimentState} state
 * @property {ComparedNetwork} network   The trained network with this connection.
 * @property {ReadonlyMap<string, Plane>} kernels  Weights by `keyOf`.
 * @property {Plane[] | null} maps       The layer's maps for this digit or an earlier one; null until they are known.
 */

/**
 * The pixels, the neurons, the connections between them, and the weights of the neurons that are drawn.
 * @param {HTMLElement} root
 */
export function createWiringView(root) {
  const stage = find(root, "#wiring", HTMLElement);
  const input = find(root, "#wiring-input", HTMLCanvasElement);
  const output = find(root, "#wiring-output", HTMLCanvasElement);
  const caption = find(root, "#wiring-caption", HTMLElement);
  const wires = createWires(find(root, "#wires", HTMLCanvasElement));
  const legend = createLegend(find(root, "#wiring-legend", HTMLElement), "");
  const weights = createWeightsView(root);
  const labels = weights.labels;
  let drawn = "";

  return {
    stage,
    output,

    /** @param {View} view  @param {ThemeColors} theme */
    paint(view, theme) {
      const { choice, state } = view;
      const zoom = stage.clientWidth < NARROW ? 4 : 8;
      paintPlane(input, state.input, theme.ink, 1);
      enlarge(input, zoom);
      paintNeurons(view, theme, zoom);
      const range = rangeOfWeights(view);
      // Thousands of lines are drawn again only when they change, not with every digit, because they would slow the pen down.
      const { connection, filter, pointed, geometry } = choice;
      const wiring = JSON.stringify([connection, filter, pointed, geometry, view.kernels.size, stage.clientWidth, theme.paper, devicePixelRatio]);
      if (wiring !== drawn) {
        drawn = wiring;
        wires.draw({ from: input, to: output, theme, range, neurons: wiredNeurons(view) });
      }
      root.dataset.wires = String(countConnections(choice));
      root.dataset.connection = connection;
      weights.paint(view, theme, range, stage.clientWidth < NARROW ? 84 : 112);
    },
  };

  /** @param {View} view  @param {ThemeColors} theme  @param {number} zoom */
  function paintNeurons({ choice, state, network, maps }, theme, zoom) {
    const { rows, columns, count } = gridOf(choice);
    const full = choice.connection === "fully-connected";
    const values = new Float32Array(rows * columns);
    if (maps) values.set(full ? maps.map(({ data }) => data[0]) : maps[choice.filter].data);
    const [, rectified] = network.model.layers;
    paintPlane(output, { width: columns, height: rows, data: values }, theme.diverging, rectified.display_range[1]);
    legend.update([0, rectified.display_range[1]], theme.diverging, true);
    enlarge(output, Math.max(1, Math.floor((state.input.width * zoom) / Math.max(rows, columns))));
    setText(caption, full ? `${count.toLocaleString("en")} neurons` : `map ${choice.filter}, ${rows}×${columns}`);
  }

  /** @param {View} view */
  function wiredNeurons({ choice, network, kernels }) {
    const trained = isTrained(choice.connection, choice.geometry, network.model.layers[0]);
    const [, height, width] = choice.costs.input_shape;
    return drawnPositions(choice).map((position, i) => {
      const patch = patchOf(choice, position);
      const kernel = trained ? kernels.get(keyOf(choice.connection, neuronAt(choice, position))) ?? null : null;
      return { ...position, name: choice.pointed ? "" : labels[i], patch, seen: insideOf(patch, height, width), kernel };
    });
  }
}

/**
 * The weights of the neurons that are drawn, each as a picture.
 * @param {HTMLElement} root
 */
function createWeightsView(root) {
  const title = find(root, "#weights-title", HTMLElement);
  const legendElement = find(root, "#weights-legend", HTMLElement);
  const legend = createLegend(legendElement, "weights");
  const samples = findAll(root, "#wiring-kernels li", HTMLLIElement).map((item) => {
    const name = find(item, "span", HTMLElement);
    return { item, canvas: find(item, "canvas", HTMLCanvasElement), name, label: name.textContent ?? "" };
  });

  return {
    labels: samples.map(({ label }) => label),

    /** @param {View} view  @param {ThemeColors} theme  @param {number} range  @param {number} room */
    paint({ choice, network, kernels }, theme, range, room) {
      const { connection, pointed } = choice;
      const trained = isTrained(connection, choice.geometry, network.model.layers[0]);
      const shared = connection === "convolution";
      const positions = drawnPositions(choice);
      samples.forEach(({ item, canvas, name, label }, i) => {
        const kernel = trained && positions[i] ? kernels.get(keyOf(connection, neuronAt(choice, positions[i]))) : undefined;
        // Shared weights are one kernel, so it is shown once.
        item.hidden = !kernel || (shared && i > 0);
        if (!kernel) return;
        paintPlane(canvas, kernel, theme.diverging, range);
        enlarge(canvas, Math.floor(room / kernel.width));
        const text = sampleName(shared, pointed !== null, label);
        setText(name, text);
        canvas.setAttribute("aria-label", `Weights of ${pointed || shared ? text : `neuron ${text}`}`);
      });
      setText(title, titleOf(trained, shared, pointed !== null));
      legendElement.toggleAttribute("data-unknown", !trained);
      if (trained) legend.update([-range, range], theme.diverging);
    },
  };
}

/** @param {boolean} shared  @param {boolean} pointed  @param {string} label */
function sampleName(shared, pointed, label) {
  if (pointed) return shared ? "the same for all" : "this neuron";
  return shared ? "A = B = C = D" : label;
}

/** @param {boolean} trained  @param {boolean} shared  @param {boolean} pointed */
function titleOf(trained, shared, pointed) {
  if (!trained) return "No network has this layer";
  if (shared) return "Their one kernel";
  return pointed ? "Its weights" : "Their weights, all different";
}

/** Of the marked neurons' weights, so that their colors can be compared. @param {View} view */
function rangeOfWeights({ choice, kernels }) {
  const marked = markedPositions(gridOf(choice)).map((position) => kernels.get(keyOf(choice.connection, neuronAt(choice, position))));
  return Math.max(...marked.map((kernel) => largestAbsolute(kernel?.data ?? []))) || 1;
}
