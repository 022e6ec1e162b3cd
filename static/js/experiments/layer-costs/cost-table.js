// @ts-check
/** @import { Connection, ExperimentState, LayerCosts } from "../../types.js" */
import { pageAddress } from "../../api/address.js";
import { find, findAll, setText } from "../../dom/find.js";
import { toFragment } from "../../shell/url.js";

const COLUMNS = /** @type {const} */ (["outputs", "weights", "multiply_adds", "weight_uses", "gradients"]);

/**
 * The costs in numbers, with bars to scale within each column.
 * @param {HTMLElement} root
 */
export function createCostTable(root) {
  const rows = findAll(root, "[data-row]", HTMLTableRowElement);
  const lensLinks = findAll(root, "a[data-lens]", HTMLAnchorElement);

  return {
    /** @param {LayerCosts} costs */
    update({ layers }) {
      for (const row of rows) {
        const cost = layers.find(({ id }) => id === row.dataset.row);
        if (!cost) continue;
        setText(row.cells[0], cost.title);
        for (const column of COLUMNS) {
          const cell = find(row, `[data-column="${column}"]`, HTMLTableCellElement);
          setText(find(cell, "a", HTMLAnchorElement), cost[column].toLocaleString("en"));
          cell.dataset.value = String(cost[column]);
          const most = Math.max(...layers.map((other) => other[column]));
          cell.style.setProperty("--share", String(cost[column] / most));
        }
        setText(find(row, '[data-column="weights"] small', HTMLElement), `+ ${cost.biases.toLocaleString("en")} biases`);
        setText(find(row, '[data-column="gradients"] small', HTMLElement), `sums of ${cost.gradient_products.toLocaleString("en")} products`);
      }
    },

    /** @param {Connection} connection */
    choose(connection) {
      for (const row of rows) {
        if (row.dataset.connection === connection) row.setAttribute("aria-current", "true");
        else row.removeAttribute("aria-current");
      }
    },

    /**
     * Set the link to the workbench's lens, which shows the products of one neuron of the current map for this digit.
     * @param {ExperimentState} state
     * @param {{model: string, layer: string, filter: number}} map
     */
    linkToLens({ digit, input }, { model, layer, filter }) {
      const neuron = { layer, filter, row: 7, column: 11 };
      const fragment = toFragment({ digit, neuron }, { digit, plane: input });
      for (const link of lensLinks) link.href = `${pageAddress("/", model)}#${fragment}`;
    },
  };
}
