// @ts-check
// The confusion matrix as a table of buttons; arrow keys go from cell to cell.
/** @import { Confusion } from "../../api/errors.js" */
import { build } from "../../dom/build.js";
import { findAll } from "../../dom/find.js";
import { arrowStep, stepWithin } from "../../dom/grid-keys.js";
import { aDigit } from "../../network/prediction-bars.js";
import { describeCell, shadeOf } from "./figures.js";

/**
 * @param {HTMLTableElement} table
 * @param {(cell: {label: number, predicted: number}) => void} choose
 * @param {AbortSignal} signal
 */
export function createConfusionMatrix(table, choose, signal) {
  const classes = Array.from({ length: 10 }, (_, i) => i);
  const buttons = classes.map((label) => classes.map((predicted) => {
    const button = build("button", { type: "button", tabindex: -1, "aria-pressed": "false" });
    button.addEventListener("click", () => choose({ label, predicted }), { signal });
    return button;
  }));
  buttons[0][0].tabIndex = 0;
  const totals = classes.map(() => build("td", { class: "total" }));
  table.append(
    build("thead", {},
      build("tr", {}, build("td", { rowspan: 2 }), build("th", { colspan: 10, scope: "colgroup" }, "predicted as"), build("td", { rowspan: 2, class: "total" }, "all")),
      build("tr", {}, ...classes.map((name) => build("th", { scope: "col" }, String(name))))),
    build("tbody", {}, ...classes.map((label) => build("tr", {}, build("th", { scope: "row" }, aDigit(label)), ...buttons[label].map((button) => build("td", {}, button)), totals[label]))),
  );
  table.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    const row = buttons.findIndex((each) => each.some((button) => button === document.activeElement));
    if (!step || row < 0) return;
    event.preventDefault();
    const column = buttons[row].findIndex((button) => button === document.activeElement);
    const to = stepWithin({ row, column }, step, [10, 10]);
    focusAlone(buttons[to.row][to.column]);
    buttons[to.row][to.column].focus();
  }, { signal });

  /** @param {HTMLButtonElement} chosen */
  function focusAlone(chosen) {
    for (const button of findAll(table, "button", HTMLButtonElement)) button.tabIndex = button === chosen ? 0 : -1;
  }

  return {
    /** @param {Confusion} confusion  @param {{label: number, predicted: number} | null} chosen */
    paint({ matrix, class_counts: counts }, chosen) {
      for (const label of classes) {
        totals[label].textContent = counts[label].toLocaleString("en");
        for (const predicted of classes) {
          const count = matrix[label][predicted];
          const button = buttons[label][predicted];
          button.textContent = count ? String(count) : "·";
          button.setAttribute("aria-label", describeCell(label, predicted, count));
          button.setAttribute("aria-pressed", String(chosen?.label === label && chosen.predicted === predicted));
          button.style.setProperty("--shade", `${(100 * shadeOf(count, counts[label])).toFixed(1)}%`);
          button.dataset.kind = label === predicted ? "right" : count ? "wrong" : "none";
        }
      }
      if (chosen) focusAlone(buttons[chosen.label][chosen.predicted]);
    },
  };
}
