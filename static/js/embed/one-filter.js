// @ts-check
// The workbench as an embed of one filter: the lens is open from the start, at the neuron of its link or in the middle of the map.
/** @import { PageData } from "../types.js" */
import { find } from "../dom/find.js";
import { fieldsOf } from "../shell/url.js";

const fields = fieldsOf(location.hash);
const { layer: name, only } = find(document, ".layer[data-only]", HTMLElement).dataset;
/** @type {PageData} */
const { model } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const layer = model.layers.find((each) => each.name === name);
if (layer && !fields.has("k")) {
  const [, rows, columns] = layer.output_shape;
  fields.set("k", [name, only, rows >> 1, columns >> 1].join("."));
  history.replaceState(null, "", `#${fields}`);
}
await import("../pages/workbench.js");
