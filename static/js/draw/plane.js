// @ts-check
/** @import { Plane } from "../types.js" */
/** @import { ColorScale } from "./color-scale.js" */
import { contextOf } from "../dom/find.js";

/**
 * Paint one plane, one canvas pixel per cell; CSS enlarges it.
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
 * @param {HTMLCanvasElement} canvas  Resized to the sheet if needed.
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
        pixels[corner + row * sheet.width + column] = pixelAt(plane, row * width + column, scale, range);
      }
    }
  });
  context.putImageData(image, 0, 0);
}

/** @param {Plane} plane  @param {number} cell  @param {ColorScale} scale  @param {number} range */
export function pixelAt({ data, pixels }, cell, scale, range) {
  return pixels ? pixels[cell] : scale.pixelOf(data[cell], range);
}

/**
 * Paint planes at positions of one canvas, which is clear elsewhere.
 * @param {HTMLCanvasElement} canvas  Resized if needed.
 * @param {{width: number, height: number}} size  In canvas pixels, as the positions.
 * @param {{plane: Plane, x: number, y: number, range: number, zoom?: number}[]} planes  `zoom`: canvas pixels for each cell.
 * @param {ColorScale} scale
 * @param {number} enlargement  CSS pixels for each canvas pixel.
 */
export function paintAt(canvas, { width, height }, planes, scale, enlargement) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  enlarge(canvas, enlargement);
  const context = contextOf(canvas);
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (const { plane, x, y, range, zoom = 1 } of planes) {
    const across = plane.width * zoom;
    for (let row = 0; row < plane.height * zoom; row += 1) {
      const first = Math.floor(row / zoom) * plane.width;
      const begin = (y + row) * width + x;
      for (let column = 0; column < across; column += 1) {
        pixels[begin + column] = pixelAt(plane, first + Math.floor(column / zoom), scale, range);
      }
    }
  }
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

/**
 * Show a canvas enlarged by the largest whole number that fits into a width.
 * @param {HTMLCanvasElement} canvas
 * @param {number} room  In CSS pixels.
 */
export function enlargeInto(canvas, room) {
  enlarge(canvas, Math.max(1, Math.floor(room / canvas.width)));
}

/** @param {number[][]} rows  @returns {Plane} */
export function planeOfRows(rows) {
  return { width: rows[0].length, height: rows.length, data: Float32Array.from(rows.flat()) };
}

/** Where a plane has its largest value. @param {Plane} plane */
export function largestAt({ width, data }) {
  return positionOf(data.reduce((best, value, i) => (value > data[best] ? i : best), 0), width);
}

/** Where a plane has its smallest value. @param {Plane} plane */
export function smallestAt({ width, data }) {
  return positionOf(data.reduce((best, value, i) => (value < data[best] ? i : best), 0), width);
}

/** @param {number} cell  In reading order.  @param {number} width */
export function positionOf(cell, width) {
  return { row: Math.floor(cell / width), column: cell % width };
}
