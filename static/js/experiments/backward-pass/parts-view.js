// @ts-check
// The parts that a neuron's δ is added up from: slopes times δ of the neurons that read it, as pictures and as a table.
/** @import { ThemeColors } from "../../types.js" */
/** @import { Followed, Position } from "./backward-view.js" */
import { build } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlargeInto, paintSheet } from "../../draw/plane.js";
import { formatValue } from "../../network/legend.js";
import { planesOf } from "../../network/selectors.js";
import { describeReaders, orderedParts } from "./parts.js";

const ROOM = 160; // CSS pixels for each of the sheets.
const LISTED = 6; // Parts in the table.
const OF_THE_LOSS = ["probability", "correct class"];

/**
 * @param {HTMLElement} root
 * @param {(layer: string, neuron: Position) => void} choose  Go to the neuron that a part comes from.
 */
export function createPartsView(root, choose) {
  const sheets = find(root, "#delta-sheets", HTMLElement);
  const table = find(root, "#delta-parts tbody", HTMLElement);

  /** @param {string} of  @param {Position} position */
  function linkTo(of, { filter, row, column }) {
    const button = build("button", { type: "button", class: "part-link" }, `${of}, map ${filter} (${row}, ${column})`);
    button.addEventListener("click", () => choose(of, { filter, row, column }));
    return button;
  }

  return {
    /** @param {Followed} followed  @param {ThemeColors} colors */
    paint({ response, tensors }, { diverging }) {
      const { layer, operation } = response.readers;
      const parts = { slopes: tensors["readers/slopes"], deltas: tensors["readers/deltas"], parts: tensors["readers/parts"] };
      setText(find(root, "#delta-readers", HTMLElement), describeReaders(response, parts.parts.shape, parts.slopes.data[0]));
      const isLoss = operation === "loss";
      sheets.hidden = isLoss || parts.parts.data.length < 2;
      setText(find(root, "#delta-slope-name", HTMLElement), operation === "weighted_sum" ? "weights" : "slopes");
      setText(find(root, "#delta-next-name", HTMLElement), `δ of ${layer}`);
      for (const name of sheets.hidden ? [] : /** @type {const} */ (["slopes", "deltas", "parts"])) {
        const planes = planesOf(parts[name]);
        const sheet = find(root, `[data-sheet="${name}"]`, HTMLElement);
        const range = largestAbsolute(parts[name].data) || 1;
        paintSheet(find(sheet, "canvas", HTMLCanvasElement), planes, Math.ceil(Math.sqrt(planes.length)), diverging, () => range);
        enlargeInto(find(sheet, "canvas", HTMLCanvasElement), ROOM);
        setText(find(sheet, "small", HTMLElement), `±${formatValue(range)}`);
      }
      const { strongest, others, rest, sum } = orderedParts(response.readers, parts, LISTED);
      table.replaceChildren(
        ...strongest.map((part) => (isLoss
          ? rowOf(OF_THE_LOSS[parts.parts.data.indexOf(part.part)], "", "", part.part)
          : rowOf(linkTo(layer, part), formatValue(part.slope), formatValue(part.delta), part.part))),
        ...(others ? [rowOf(`${others.toLocaleString("en")} others`, "", "", rest)] : []),
        rowOf("sum", "", "", sum),
        rowOf("δ by the layer", "", "", response.neuron.delta),
      );
    },
  };
}

/** @param {Node | string} from  @param {string} slope  @param {string} delta  @param {number} part */
function rowOf(from, slope, delta, part) {
  return build("tr", {}, build("th", { scope: "row" }, from), build("td", {}, slope), build("td", {}, delta), build("td", {}, formatValue(part, 4)));
}
