// @ts-check
// Paints the maps of the picture into its one canvas.
/** @import { Plane } from "../../types.js" */
/** @import { ColorScale } from "../../draw/color-scale.js" */
/** @import { Area } from "./layout.js" */
import { contextOf } from "../../dom/find.js";
import { pixelAt } from "../../draw/plane.js";

/** @param {HTMLCanvasElement} canvas */
export function createTiles(canvas) {
  const context = contextOf(canvas);
  /** By size. @type {Map<string, ImageData>} */
  const images = new Map();

  return {
    /** @param {number} width  @param {number} height  In CSS pixels; one pixel of the canvas each. */
    resize(width, height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.inlineSize = `${width}px`;
      canvas.style.blockSize = `${height}px`;
    },

    /** @param {Area} area */
    clear: ({ x, y, width, height }) => context.clearRect(x, y, width, height),

    /**
     * @param {Area} area
     * @param {Plane} plane
     * @param {ColorScale} scale
     * @param {number} range  The value that gets the scale's last color.
     */
    paint({ x, y, width, height }, plane, scale, range) {
      const size = `${width}×${height}`;
      const image = images.get(size) ?? context.createImageData(width, height);
      images.set(size, image);
      const pixels = new Uint32Array(image.data.buffer);
      const [down, across] = [plane.height / height, plane.width / width];
      for (let row = 0; row < height; row += 1) {
        const first = Math.floor(row * down) * plane.width;
        for (let column = 0; column < width; column += 1) {
          pixels[row * width + column] = pixelAt(plane, first + Math.floor(column * across), scale, range);
        }
      }
      context.putImageData(image, x, y);
    },
  };
}
