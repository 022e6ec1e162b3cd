// @ts-check
/** @import { Box, Plane, ThemeColors } from "../../types.js" */
import { contextOf } from "../../dom/find.js";
import { cssOf } from "../../lens/number-grid.js";

const PIXELS = 28;
const SHADES = 12; // On either side of zero. All wires of one shade are drawn as one path, which is faster than single wires.

/**
 * One neuron whose wires are drawn.
 * @typedef {object} Wired
 * @property {number} row
 * @property {number} column
 * @property {string} name           The label beside it; may be empty.
 * @property {Box} patch             In pixels; may reach into padding.
 * @property {Box} seen              The part of it inside the image.
 * @property {Plane | null} kernel   Its weights; null if they are not known.
 */

/**
 * Lines from pixels to the neurons connected to them, colored by their weights, over both pictures.
 * @param {HTMLCanvasElement} canvas
 */
export function createWires(canvas) {
  const context = contextOf(canvas);

  return {
    /**
     * @param {object} picture
     * @param {HTMLCanvasElement} picture.from  The pixels.
     * @param {HTMLCanvasElement} picture.to    The neurons.
     * @param {ThemeColors} picture.theme
     * @param {number} picture.range            Weight of the last color.
     * @param {Wired[]} picture.neurons
     */
    draw({ from, to, theme, range, neurons }) {
      const area = canvas.getBoundingClientRect();
      const density = Math.min(2, devicePixelRatio);
      const width = Math.round(area.width * density);
      const height = Math.round(area.height * density);
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      context.setTransform(density, 0, 0, density, 0, 0);
      context.clearRect(0, 0, area.width, area.height);
      const source = gridOn(from, area);
      const target = gridOn(to, area);
      for (const neuron of neurons) drawWires(neuron, source, target, theme, range);
      for (const neuron of neurons) drawMarks(neuron, source, target, theme);
    },
  };

  /**
   * @param {Wired} neuron
   * @param {Grid} source
   * @param {Grid} target
   * @param {ThemeColors} theme
   * @param {number} range
   */
  function drawWires({ row, column, patch, seen, kernel }, source, target, theme, range) {
    const many = seen.width * seen.height > 100;
    const end = centerOf(target, row, column);
    /** @type {Map<number, Path2D>} */
    const paths = new Map();
    for (let y = seen.top; y < seen.top + seen.height; y += 1) {
      for (let x = seen.left; x < seen.left + seen.width; x += 1) {
        const weight = kernel ? kernel.data[(y - patch.top) * kernel.width + x - patch.left] : 0;
        const shade = kernel ? Math.round((SHADES * weight) / range) : 0;
        let path = paths.get(shade);
        if (!path) paths.set(shade, (path = new Path2D()));
        const start = centerOf(source, y, x);
        path.moveTo(start.x, start.y);
        path.lineTo(end.x, end.y);
      }
    }
    context.lineWidth = many ? 0.5 : 1;
    // The strongest are drawn last, on top.
    for (const [shade, path] of [...paths].sort(([a], [b]) => Math.abs(a) - Math.abs(b))) {
      const visible = kernel && shade !== 0;
      context.globalAlpha = many ? (visible ? 0.45 : 0.08) : visible ? 0.9 : 0.3;
      context.strokeStyle = visible ? cssOf(theme.diverging.pixelOf(shade, SHADES)) : theme.line;
      context.stroke(path);
    }
    context.globalAlpha = 1;
  }

  /**
   * @param {Wired} neuron
   * @param {Grid} source
   * @param {Grid} target
   * @param {ThemeColors} theme
   */
  function drawMarks({ row, column, name, seen }, source, target, theme) {
    if (seen.width < PIXELS) {
      outline(source.left + seen.left * source.cellWidth, source.top + seen.top * source.cellHeight,
        seen.width * source.cellWidth, seen.height * source.cellHeight, theme);
    }
    const left = target.left + column * target.cellWidth;
    const top = target.top + row * target.cellHeight;
    outline(left, top, target.cellWidth, target.cellHeight, theme);
    if (!name) return;
    context.font = "600 12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = theme.paper;
    context.fillStyle = theme.line;
    const at = /** @type {const} */ ([name, left + target.cellWidth + 5, top + target.cellHeight / 2 + 1]);
    context.strokeText(...at);
    context.fillText(...at);
  }

  /**
   * Twice, wide in paper and thin in ink, so that it shows on both.
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   * @param {ThemeColors} theme
   */
  function outline(left, top, width, height, { paper, line }) {
    for (const [color, thickness] of /** @type {[string, number][]} */ ([[paper, 4], [line, 1.5]])) {
      context.strokeStyle = color;
      context.lineWidth = thickness;
      context.strokeRect(left, top, width, height);
    }
  }
}

/** @typedef {{left: number, top: number, cellWidth: number, cellHeight: number}} Grid */

/**
 * @param {HTMLCanvasElement} picture
 * @param {DOMRect} area
 * @returns {Grid}
 */
function gridOn(picture, area) {
  const { left, top, width, height } = picture.getBoundingClientRect();
  return { left: left - area.left, top: top - area.top, cellWidth: width / picture.width, cellHeight: height / picture.height };
}

/**
 * @param {Grid} grid
 * @param {number} row
 * @param {number} column
 */
function centerOf({ left, top, cellWidth, cellHeight }, row, column) {
  return { x: left + (column + 0.5) * cellWidth, y: top + (row + 0.5) * cellHeight };
}
