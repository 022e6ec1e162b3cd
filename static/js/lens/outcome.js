// @ts-check
/** @import { Arithmetic } from "../types.js" */
import { build, resizeList } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { className, percent } from "../network/prediction-bars.js";
import { formatFixed, formatUnits, roundParts } from "./rounding.js";

const SHARE_DECIMALS = 4;

/**
 * What an activation function or softmax computes from the sum or the pooled value; without either, the sum.
 */
export function createOutcome() {
  const result = build("p", { class: "result" });
  const caption = build("caption", {}, "softmax: each class's share of the exponentials");
  const heads = ["class", "exp(logit − largest)", ""].map((text) => build("th", { scope: "col" }, text));
  heads[2].append(build("span", { class: "visually-hidden" }, "as a bar"));
  const body = build("tbody");
  const table = build("table", { class: "exponentials" }, caption, build("thead", {}, build("tr", {}, ...heads)), body);
  const root = build("div", { class: "outcome" }, result, table);
  /** @type {HTMLTableRowElement[]} */
  const rows = [];

  return {
    root,
    /**
     * @param {object} view
     * @param {Arithmetic} view.arithmetic
     * @param {boolean} view.exact
     * @param {number} view.decimals
     * @param {number} view.filter
     */
    update({ arithmetic, exact, decimals, filter }) {
      const { after, computed, products } = arithmetic;
      table.hidden = after?.kind !== "softmax";
      result.hidden = !products && !after;
      if (!exact) {
        setText(result, "…");
      } else if (after?.kind === "function") {
        const [of, is] = [formatFixed(computed, decimals), formatFixed(after.computed, decimals)];
        setText(result, after.title.includes("(") ? `${after.title} of ${of} is ${is}` : `${after.title}(${of}) = ${is}`);
      } else if (after?.kind === "softmax") {
        showShares(after, filter);
      } else {
        setText(result, `sum ${formatFixed(computed, decimals)}`);
      }
    },
  };

  /**
   * @param {Extract<Arithmetic["after"], {kind: "softmax"}>} after
   * @param {number} filter
   */
  function showShares({ exponentials, sum, computed }, filter) {
    const rounded = roundParts(exponentials, sum, SHARE_DECIMALS);
    resizeList(body, rows, exponentials.length + (rounded.rounding ? 2 : 1), () => build("tr", {}, build("th", { scope: "row" }), build("td", { class: "number" }), build("td", {}, build("i", { "aria-hidden": "true" }))));
    rows.forEach((row, i) => {
      const isClass = i < exponentials.length;
      const isSum = i === rows.length - 1;
      const units = isSum ? rounded.total : isClass ? rounded.parts[i] : rounded.rounding;
      setText(row.cells[0], isSum ? "sum" : isClass ? className(i) : "rounding");
      setText(row.cells[1], formatUnits(units, SHARE_DECIMALS, !isClass && !isSum));
      /** @type {HTMLElement} */ (row.cells[2].firstElementChild).style.inlineSize = isClass ? `${100 * exponentials[i]}%` : "0";
      row.toggleAttribute("data-current", i === filter);
    });
    const own = formatFixed(exponentials[filter], SHARE_DECIMALS);
    setText(result, `${own} of ${formatUnits(rounded.total, SHARE_DECIMALS)} is ${percent(computed)}`);
  }
}
