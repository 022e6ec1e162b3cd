// @ts-check
/** @import { Box, Pair, Plane } from "../types.js" */
/** @import { Coloring } from "../lens/equation.js" */
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { insideOf, shareOf } from "./grid-geometry.js";
import { enlarge, paintPlane, pixelAt } from "./plane.js";

/**
 * A plane with a frame around one box of it.
 * @param {"reads" | "paints"} role
 */
export function createStage(role) {
  const canvas = build("canvas", { class: "plane", width: 1, height: 1, "aria-hidden": "true" });
  const frame = build("span", { class: "cell-frame", "aria-hidden": "true" });
  const rim = build("span", { class: "padding-rim", "aria-hidden": "true" });
  const caption = build("figcaption");
  const root = build("figure", { class: `stage ${role}` }, build("div", {}, canvas, rim, frame), caption);

  return {
    root,
    /**
     * @param {object} view
     * @param {Plane} view.plane
     * @param {Pair} view.padding     Zeros around the plane; shown, because they are part of the input.
     * @param {Box} view.box          The framed box, in cells of the plane; may reach into the padding.
     * @param {number} view.painted   How many cells, in reading order, are painted so far.
     * @param {string} view.caption
     * @param {number} view.room      In CSS pixels.
     * @param {Coloring} coloring
     */
    update({ plane, padding: [above, before], box, painted, caption: text, room }, { scale, range }) {
      const [width, height] = [plane.width + 2 * before, plane.height + 2 * above];
      const pixels = new Uint32Array(width * height).fill(scale.pixelOf(0, range));
      for (let cell = 0; cell < Math.min(painted, plane.data.length); cell += 1) {
        const row = Math.floor(cell / plane.width) + above;
        pixels[row * width + (cell % plane.width) + before] = pixelAt(plane, cell, scale, range);
      }
      paintPlane(canvas, { width, height, data: plane.data, pixels }, scale, range);
      enlarge(canvas, Math.max(1, Math.floor(room / Math.max(width, height))));
      put(frame, shareOf({ ...box, top: box.top + above, left: box.left + before }, height, width));
      rim.hidden = !above && !before;
      put(rim, shareOf(insideOf({ top: above, left: before, height: plane.height, width: plane.width }, height, width), height, width));
      setText(caption, text);
    },
  };
}

/**
 * @param {HTMLElement} element
 * @param {Box} share
 */
export function put(element, { top, left, height, width }) {
  element.style.insetBlockStart = `${100 * top}%`;
  element.style.insetInlineStart = `${100 * left}%`;
  element.style.blockSize = `${100 * height}%`;
  element.style.inlineSize = `${100 * width}%`;
}
