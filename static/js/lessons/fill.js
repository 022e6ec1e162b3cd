// @ts-check
// Fills a lesson's or a worksheet's elements with what was measured.
/** @import { ThemeColors } from "../types.js" */
/** @import { LessonFigure, Measured } from "./lesson.js" */
import { build } from "../dom/build.js";
import { find, findAll, setText } from "../dom/find.js";
import { shareOf } from "../draw/grid-geometry.js";
import { enlargeInto, paintPlane } from "../draw/plane.js";
import { put } from "../draw/sweep-stage.js";
import { createNumberGrid } from "../lens/number-grid.js";

const ROOM = 150; // CSS pixels for a picture; a worksheet prints it as wide.
const UNKNOWN = "–";

/**
 * @param {HTMLElement} root
 */
export function createFilling(root) {
  const values = findAll(root, "[data-value]", HTMLElement);
  const links = findAll(root, "[data-link]", HTMLAnchorElement);
  const figures = findAll(root, "[data-figure]", HTMLElement).map((figure) => ({ name: figure.dataset.figure ?? "", ...createFigure(figure) }));

  return {
    /**
     * @param {Measured | null} measured  Null if there is nothing on the pad to measure.
     * @param {string} digit              The digit's fields of a link.
     * @param {ThemeColors} colors
     */
    paint(measured, digit, colors) {
      for (const element of values) setText(element, measured?.values[element.dataset.value ?? ""] ?? UNKNOWN);
      for (const link of links) link.hash = [digit, measured?.links[link.dataset.link ?? ""]].filter(Boolean).join("&");
      for (const { name, paint } of figures) paint(measured?.figures[name] ?? null, colors);
      root.dataset.measured = measured ? digit : "";
    },
  };
}

/** A picture, or a table of numbers in the colors of their values. @param {HTMLElement} figure */
function createFigure(figure) {
  const room = find(figure, "div", HTMLElement);
  const caption = find(figure, "figcaption", HTMLElement);
  const canvas = build("canvas", { class: "plane", role: "img" });
  const frame = build("i", { class: "frame", "aria-hidden": "true" });
  const grid = createNumberGrid("");
  room.className = "framed";
  return {
    /** @param {LessonFigure | null} shown  @param {ThemeColors} colors */
    paint(shown, colors) {
      figure.hidden = !shown;
      if (!shown) return;
      const { plane, range, textOf, frame: box } = shown;
      const scale = colors[shown.scale];
      setText(caption, shown.caption);
      if (textOf) {
        grid.update({ label: shown.caption, rows: plane.height, columns: plane.width, textOf: (cell) => textOf(plane.data[cell]), pixelOf: (cell) => scale.pixelOf(plane.data[cell], range) });
        room.replaceChildren(grid.root);
        return;
      }
      canvas.setAttribute("aria-label", shown.caption);
      paintPlane(canvas, plane, scale, range);
      enlargeInto(canvas, ROOM);
      room.replaceChildren(canvas);
      if (!box) return;
      put(frame, shareOf(box, plane.height, plane.width));
      room.append(frame);
    },
  };
}
