// @ts-check
/** @import { Plane } from "../types.js" */
/** @import { ColorScale } from "./color-scale.js" */
import { contextOf } from "../dom.js";

/**
 * Paint one plane, one canvas pixel per cell; CSS does the enlarging.
 * @param {HTMLCanvasElement} canvas
 * @param {Plane} plane
 * @param {ColorScale} scale
 * @param {number} range  The value that gets the scale's last color.
 */
export function paintPlane(canvas, plane, scale, range) {
  paintSheet(canvas, [plane], 1, scale, () => range);
}

/**
 * Paint several planes of one size as a sheet, one clear cell between them.
 * @param {HTMLCanvasElement} canvas  Sized to the sheet if it is not yet.
 * @param {Plane[]} planes
 * @param {number} columns
 * @param {ColorScale} scale
 * @param {(index: number) => number} rangeOf
 */
export function paintSheet(canvas, planes, columns, scale, rangeOf) {
  const { width, height } = planes[0];
  const sheet = sheetSize(planes.length, columns, width, height);
  if (canvas.width !== sheet.width || canvas.height !== sheet.height) {
    canvas.width = sheet.width;
    canvas.height = sheet.height;
  }
  const context = contextOf(canvas);
  const image = context.createImageData(sheet.width, sheet.height);
  const pixels = new Uint32Array(image.data.buffer);
  planes.forEach((plane, index) => {
    const range = rangeOf(index);
    const corner = Math.floor(index / columns) * (height + 1) * sheet.width + (index % columns) * (width + 1);
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        pixels[corner + row * sheet.width + column] = scale.pixelOf(plane.data[row * width + column], range);
      }
    }
  });
  context.putImageData(image, 0, 0);
}

/**
 * @param {number} count
 * @param {number} columns
 * @param {number} width
 * @param {number} height
 */
export function sheetSize(count, columns, width, height) {
  const rows = Math.ceil(count / columns);
  return { width: columns * (width + 1) - 1, height: rows * (height + 1) - 1 };
}

/**
 * Show a canvas enlarged by a whole number, so that no cell is wider than another.
 * @param {HTMLCanvasElement} canvas
 * @param {number} zoom
 */
export function enlarge(canvas, zoom) {
  canvas.style.inlineSize = `${canvas.width * zoom}px`;
  canvas.style.blockSize = `${canvas.height * zoom}px`;
}
