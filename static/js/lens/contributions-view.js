// @ts-check
/** @import { Arithmetic, Plane } from "../types.js" */
/** @import { Coloring } from "./equation.js" */
import { build, resizeList } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { formatUnits, roundParts } from "./rounding.js";
import { runningSums } from "./waterfall.js";

const FEW = 6; // Rows; the remaining channels share one row.
const THUMB = 28; // CSS pixels.

/**
 * The parts of a neuron's sum, one in each row: the bias, the contribution of each input channel (strongest first), and the
 * rounding difference. The running sum in the last column ends at the sum.
 * @param {{choose: (channel: number) => void, expand: () => void}} actions
 * @param {AbortSignal} signal
 */
export function createContributions(actions, signal) {
  const caption = build("caption");
  const heads = ["from", "map", "∗ kernel", "adds", "", "so far"].map((text) => build("th", { scope: "col" }, text));
  heads[4].append(build("span", { class: "visually-hidden" }, "as a bar"));
  const body = build("tbody");
  const total = build("td", { class: "number" });
  const foot = build("tfoot", {}, build("tr", {}, build("th", { scope: "row" }, "sum"), ...[0, 1, 2, 3].map(() => build("td")), total));
  const table = build("table", {}, caption, build("thead", {}, build("tr", {}, ...heads)), body, foot);
  const more = build("button", { type: "button" });
  more.addEventListener("click", () => actions.expand(), { signal });
  const root = build("div", { class: "contributions", tabindex: "0", role: "region", "aria-label": "What adds up to the sum" }, table, more);
  /** @type {ReturnType<typeof makeRow>[]} */
  const rows = [];
  /** @type {HTMLTableRowElement[]} */
  const elements = [];

  return {
    root,
    /**
     * @param {object} view
     * @param {Arithmetic} view.arithmetic
     * @param {number[]} view.order      Channels, strongest first.
     * @param {number | null} view.channel  The one whose products are shown.
     * @param {boolean} view.expanded    All of them.
     * @param {boolean} view.exact
     * @param {number} view.decimals
     * @param {string} view.reads        Name of the input layer.
     * @param {(channel: number) => Plane} view.readMapOf
     * @param {(channel: number) => string} view.nameOfRead
     * @param {(channel: number) => Plane | null} view.contributionOf
     * @param {{reads: Coloring, own: Coloring}} view.colorings
     */
    update({ arithmetic, order, channel, expanded, exact, decimals, reads, readMapOf, nameOfRead, contributionOf, colorings }) {
      const sums = arithmetic.sums ?? new Float64Array();
      const single = order.length === 1;
      const shown = expanded || order.length <= FEW + 1 ? order : order.slice(0, FEW);
      const others = order.slice(shown.length);
      const rest = others.reduce((total, each) => total + sums[each], 0);
      const parts = [arithmetic.bias, ...shown.map((each) => sums[each]), ...(others.length ? [rest] : [])];
      const rounded = roundParts(parts, arithmetic.computed, decimals);
      const bars = runningSums(parts);
      const names = ["bias", ...shown.map((each) => (single ? "products" : nameOfRead(each))), ...(others.length ? [`${others.length} others`] : [])];
      const count = parts.length + (rounded.rounding && exact ? 1 : 0);
      setText(caption, single ? "Added up" : `Added up: ${order.length} maps of ${reads}, strongest first`);
      table.toggleAttribute("data-single", single);

      resizeList(body, elements, count, (i) => {
        rows[i] = makeRow(actions.choose, signal);
        return rows[i].root;
      });
      rows.length = count;
      let running = 0;
      rows.forEach((row, i) => {
        const isRounding = i === parts.length;
        const units = isRounding ? rounded.rounding : rounded.parts[i];
        running += units;
        const source = i >= 1 && i <= shown.length && !single ? shown[i - 1] : null;
        row.update({
          name: isRounding ? "rounding" : names[i],
          source,
          current: source !== null && source === channel,
          adds: exact ? formatUnits(units, decimals, true) : "…",
          running: exact ? formatUnits(running, decimals) : "…",
          bar: isRounding ? null : { from: (bars.steps[i] - bars.low) / bars.span, to: (bars.steps[i + 1] - bars.low) / bars.span, zero: -bars.low / bars.span },
          read: source === null ? null : readMapOf(source),
          contribution: source === null ? null : contributionOf(source),
          colorings,
        });
      });
      setText(total, exact ? formatUnits(rounded.total, decimals) : "…");
      more.hidden = single || (others.length === 0 && order.length <= FEW + 1);
      setText(more, expanded ? "Strongest only" : `All ${order.length} maps`);
    },
  };
}

/** @param {(channel: number) => void} choose  @param {AbortSignal} signal */
function makeRow(choose, signal) {
  const name = build("span");
  const button = build("button", { type: "button" });
  const read = build("canvas", { class: "plane", width: 1, height: 1, "aria-hidden": "true" });
  const contribution = build("canvas", { class: "plane", width: 1, height: 1, "aria-hidden": "true" });
  const adds = build("td", { class: "number" });
  const bar = build("i");
  const zero = build("b", { class: "zero" });
  const track = build("div", { class: "track", "aria-hidden": "true" }, zero, bar);
  const running = build("td", { class: "number" });
  const root = build("tr", {}, build("th", { scope: "row" }, name, button), build("td", {}, read), build("td", {}, contribution), adds, build("td", {}, track), running);
  /** @type {number | null} */
  let channel = null;
  button.addEventListener("click", () => channel !== null && choose(channel), { signal });

  return {
    root,
    /**
     * @param {object} view
     * @param {string} view.name
     * @param {number | null} view.source  The channel; null for any other row.
     * @param {boolean} view.current
     * @param {string} view.adds
     * @param {string} view.running
     * @param {{from: number, to: number, zero: number} | null} view.bar
     * @param {Plane | null} view.read
     * @param {Plane | null} view.contribution
     * @param {{reads: Coloring, own: Coloring}} view.colorings
     */
    update(view) {
      channel = view.source;
      name.hidden = channel !== null;
      button.hidden = channel === null;
      setText(channel === null ? name : button, view.name);
      button.setAttribute("aria-pressed", String(view.current));
      paintThumb(read, view.read, view.colorings.reads);
      paintThumb(contribution, view.contribution, view.colorings.own);
      setText(adds, view.adds);
      setText(running, view.running);
      track.hidden = !view.bar;
      if (!view.bar) return;
      const { from, to } = view.bar;
      bar.className = to < from ? "negative" : "positive";
      bar.style.insetInlineStart = `${100 * Math.min(from, to)}%`;
      bar.style.inlineSize = `${100 * Math.abs(to - from)}%`;
      zero.style.insetInlineStart = `${100 * view.bar.zero}%`;
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Plane | null} plane
 * @param {Coloring} coloring
 */
function paintThumb(canvas, plane, { scale, range }) {
  canvas.hidden = !plane;
  if (!plane) return;
  paintPlane(canvas, plane, scale, range);
  enlarge(canvas, Math.max(1, Math.floor(THUMB / plane.width)));
}
