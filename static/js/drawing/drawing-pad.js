// @ts-check
/** @import { Digit, Point, Plane } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
import { contextOf } from "../dom/find.js";
import { paintPlane } from "../draw/plane.js";

/**
 * Shows the strokes; for a test digit or an upload, the pixels that were read.
 * @param {HTMLCanvasElement} canvas
 */
export function createDrawingPad(canvas) {
  const context = contextOf(canvas);
  const size = canvas.width;

  return {
    /**
     * @param {object} view
     * @param {Digit} view.digit
     * @param {Plane | null} view.input    The framed digit, for what was not drawn here.
     * @param {{position: Point, down: boolean} | null} view.cursor  Of the keyboard pen.
     * @param {"pen" | "eraser"} view.tool
     * @param {{paper: string, line: string, ink: ColorScale}} colors
     */
    update({ digit, input, cursor, tool }, colors) {
      canvas.dataset.tool = tool;
      context.fillStyle = colors.paper;
      context.fillRect(0, 0, size, size);
      context.strokeStyle = colors.line;
      context.fillStyle = colors.line;
      context.lineCap = "round";
      context.lineJoin = "round";
      if (digit.kind === "strokes") {
        context.lineWidth = digit.penWidth * size;
        for (const stroke of digit.strokes) drawStroke(stroke, digit.penWidth);
      } else if (input) {
        drawPixels(input, colors.ink);
      }
      if (cursor) drawCursor(cursor);
    },
  };

  /**
   * @param {Point[]} stroke
   * @param {number} width
   */
  function drawStroke(stroke, width) {
    context.beginPath();
    if (stroke.length === 1) {
      context.arc(stroke[0][0] * size, stroke[0][1] * size, (width * size) / 2, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    for (const [x, y] of stroke) context.lineTo(x * size, y * size);
    context.stroke();
  }

  /** @param {Plane} input  @param {ColorScale} ink */
  function drawPixels(input, ink) {
    const pixels = document.createElement("canvas");
    paintPlane(pixels, input, ink, 1);
    context.imageSmoothingEnabled = false;
    context.drawImage(pixels, 0, 0, size, size);
  }

  /** @param {{position: Point, down: boolean}} cursor */
  function drawCursor({ position: [x, y], down }) {
    // Drawn twice, wide in paper and thin in ink, so that it shows on both.
    for (const [color, width] of /** @type {[string, number][]} */ ([[getPaper(), 6], [context.strokeStyle, 2]])) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.arc(x * size, y * size, down ? 6 : 11, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  function getPaper() {
    return getComputedStyle(canvas).backgroundColor;
  }
}
