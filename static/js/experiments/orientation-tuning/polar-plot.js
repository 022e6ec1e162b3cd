// @ts-check
import { draw } from "../../dom/svg.js";

const SIZE = 148;
const MIDDLE = SIZE / 2;
const RIM = 58;

/**
 * A tuning curve around a circle. A bar turned by half a circle is the same bar, so each curve is drawn twice.
 * @param {string} label  Its name for screen readers until the first update.
 */
export function createPolarPlot(label) {
  const preferred = draw("line", { class: "preferred" });
  const second = draw("polygon", { class: "pooled" });
  const first = draw("polygon", { class: "tuned" });
  const now = draw("line", { class: "bar-angle" });
  const root = draw(
    "svg", { class: "polar", viewBox: `0 0 ${SIZE} ${SIZE}`, width: SIZE, height: SIZE, role: "img", "aria-label": label },
    draw("circle", { class: "rim", cx: MIDDLE, cy: MIDDLE, r: RIM }),
    draw("circle", { class: "rim half", cx: MIDDLE, cy: MIDDLE, r: RIM / 2 }),
    draw("line", { class: "cross", x1: MIDDLE - RIM, x2: MIDDLE + RIM, y1: MIDDLE, y2: MIDDLE }),
    draw("line", { class: "cross", x1: MIDDLE, x2: MIDDLE, y1: MIDDLE - RIM, y2: MIDDLE + RIM }),
    draw("text", { x: MIDDLE + RIM + 3, y: MIDDLE + 4 }, "0°"),
    draw("text", { x: MIDDLE, y: MIDDLE - RIM - 4, "text-anchor": "middle" }, "90°"),
    second, first, preferred, now,
  );

  return {
    root,
    /**
     * @param {object} curves
     * @param {number[]} curves.angles
     * @param {number[]} curves.before          Of the layer itself.
     * @param {number[] | null} curves.pooled   After pooling.
     * @param {number | null} curves.preferred  Degrees.
     * @param {string} curves.label
     */
    update({ angles, before, pooled, preferred: angle, label: words }) {
      const most = Math.max(...before, ...(pooled ?? [])) || 1;
      first.setAttribute("points", outline(angles, before, most));
      second.setAttribute("points", pooled ? outline(angles, pooled, most) : "");
      preferred.toggleAttribute("hidden", angle === null);
      if (angle !== null) place(preferred, angle);
      root.setAttribute("aria-label", words);
    },
    /** @param {number} angle  Of the bar that is shown now. */
    point(angle) {
      place(now, angle);
    },
  };
}

/** @param {number[]} angles  @param {number[]} values  @param {number} most */
function outline(angles, values, most) {
  return [0, 180].flatMap((half) => angles.map((angle, i) => pointAt(angle + half, (RIM * values[i]) / most).map((place) => place.toFixed(1)).join(","))).join(" ");
}

/** @param {number} angle  @param {number} radius */
function pointAt(angle, radius) {
  const turn = (angle * Math.PI) / 180;
  return [MIDDLE + radius * Math.cos(turn), MIDDLE - radius * Math.sin(turn)];
}

/** @param {Element} line  @param {number} angle */
function place(line, angle) {
  const [[x1, y1], [x2, y2]] = [pointAt(angle, RIM), pointAt(angle + 180, RIM)];
  for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) line.setAttribute(name, value.toFixed(1));
}
