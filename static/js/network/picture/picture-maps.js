// @ts-check
// The maps of the picture: which ones each column shows, and their painting.
/** @import { LayerDescription, Pair, Plane, Tensor } from "../../types.js" */
/** @import { ColorScale } from "../../draw/color-scale.js" */
/** @import { Evidence } from "../../api/evidence.js" */
/** @import { LayerView } from "../selectors.js" */
/** @import { Column } from "./trace.js" */
import { largestAbsolute } from "../../draw/largest.js";
import { layOut, positionsOf } from "./layout.js";
import { createTiles } from "./tiles.js";
import { mapsAtPositions } from "./trace.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Column[]} columns
 * @param {LayerDescription} first  The first layer.
 * @param {object} data
 * @param {() => {diverging: ColorScale, ink: ColorScale}} data.colors
 * @param {(layer: string) => Tensor | undefined} data.kernelsOf
 */
export function createPictureMaps(canvas, columns, first, { colors, kernelsOf }) {
  const tiles = createTiles(canvas);
  const last = columns.length - 1;
  const kernelSize = kernelSizeOf(first);
  const shapes = columns.map(({ section }) => section?.layer.output_shape ?? first.input_shape);
  /** The maps of each column. @type {number[][]} */
  let shown = [];
  /** @type {ReturnType<typeof layOut>} */
  let layout = { columns: [], width: 0, height: 0, rows: 0 };
  /** What each column shows. @type {(LayerView | null)[]} */
  const views = columns.map(() => null);
  /** @type {Plane | null} */
  let input = null;

  /** @param {number} column */
  function paint(column) {
    const view = views[column];
    if (!view || !layout.width || column === last) return;
    const { maps } = layout.columns[column];
    const { diverging } = colors();
    shown[column].forEach((map, position) => {
      const { plane, factor } = view.maps[map];
      tiles.paint(maps[position], plane, diverging, view.source.display_range[1] / factor);
    });
  }

  /** Not with the maps: kernels are the same for every digit. */
  function paintKernels() {
    const kernels = layout.columns[1]?.kernels ?? [];
    const weights = kernels.length && kernelSize ? kernelsOf(first.name) : undefined;
    if (!weights || !kernelSize) return;
    const [height, width] = kernelSize;
    const range = largestAbsolute(weights.data);
    shown[1].forEach((map, position) => {
      const data = weights.data.subarray(map * height * width, (map + 1) * height * width);
      tiles.paint(kernels[position], { width, height, data }, colors().diverging, range);
    });
  }

  /** Choose the maps of each column, and paint those columns that have others. @param {Evidence | null} evidence */
  function choose(evidence) {
    columns.forEach(({ name, count }, i) => {
      const before = shown[i];
      const room = i === last ? count : positionsOf(columns[i], layout.rows);
      const maps = mapsAtPositions(evidence?.layers[name]?.contributions, count, room, before);
      if (before && maps.every((map, at) => map === before[at])) return;
      shown[i] = maps;
      paint(i);
      if (i === 1) paintKernels();
    });
  }

  return {
    shown: () => shown,
    layout: () => layout,
    choose,
    paintKernels,

    /** @param {import("./layout.js").Room} room  @param {Evidence | null} evidence */
    layOut(room, evidence) {
      layout = layOut(columns, shapes, kernelSize, room);
      tiles.resize(layout.width, layout.height);
      shown = [];
      choose(evidence);
    },

    /** @param {number} column  @param {LayerView} view */
    update(column, view) {
      views[column] = view;
      paint(column);
    },

    /** @param {Plane} plane */
    updateInput(plane) {
      input = plane;
    },

    /** The digit, and the contributions of its pixels. @param {Evidence | null} evidence */
    paintInput(evidence) {
      const { maps: [area], kernels: [below] } = layout.columns[0];
      if (input) tiles.paint(area, input, colors().ink, 1);
      if (!evidence) return tiles.clear(below);
      const { shape: [height, width], data } = evidence.pixels;
      tiles.paint(below, { width, height, data }, colors().diverging, largestAbsolute(data) || 1);
    },
  };
}

/**
 * The size of the first layer's kernels, if they are small pictures.
 * @param {LayerDescription} layer
 * @returns {Pair | null}
 */
function kernelSizeOf({ kind, kernel_size: size, input_shape: [channels, height, width], parameters }) {
  if (!parameters || channels !== 1 || kind === "locally_connected2d") return null;
  return size ?? [height, width];
}
