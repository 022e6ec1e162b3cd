// @ts-check
/** @import { FilterNames } from "../../types.js" */

/**
 * The name of a filter and a sentence with the measured values behind it.
 * @param {FilterNames} names
 * @param {number} filter
 */
export function describeName({ filters, selective_from: selectiveFrom, edge_from: edgeFrom }, filter) {
  const { name, kind, activation, selectivity, direction } = filters[filter];
  return { name, explanation: explain() };

  function explain() {
    const shown = "Lines, edges and ends of strokes were shown to it at every angle.";
    if (kind === "inactive") return `${shown} None activated it.`;
    const measured = `${shown} The strongest activated it by ${activation.toFixed(2)} more than blank paper; its selectivity is ${selectivity.toFixed(2)}`;
    if (kind === "not selective") return `${measured}, and a filter is named from ${selectiveFrom} on.`;
    if (kind === "end") return `${measured}.`;
    const turned = `${measured}. The direction index of its strongest edge is ${direction.toFixed(2)}:`;
    return kind === "edge"
      ? `${turned} the same edge with ink and paper exchanged activates it much less (from ${edgeFrom} on).`
      : `${turned} with ink and paper exchanged it is activated, too, so it detects lines rather than edges (below ${edgeFrom}).`;
  }
}
