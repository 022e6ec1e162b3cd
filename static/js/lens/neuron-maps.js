// @ts-check
/** @import { Pair } from "../types.js" */
/** @import { LensView } from "./lens-panel.js" */
import { build } from "../dom/build.js";
import { createStage } from "../draw/sweep-stage.js";
import { formatUnits, toUnits } from "./rounding.js";

/** @type {Pair} */
const NO_PADDING = [0, 0];
const SWEPT_ROOM = 172; // While the kernel sweeps.
const HELD_ROOM = 56; // CSS pixels for each of three maps.

/**
 * The neuron's map; if a digit is held, also that digit's map and the difference, all on one color scale.
 * @param {number} room  CSS pixels for the map alone.
 */
export function createNeuronMaps(room) {
  const [nowStage, heldStage, differenceStage] = [0, 1, 2].map(() => createStage("paints"));
  const root = build("div", { class: "maps" }, nowStage.root, heldStage.root, differenceStage.root);

  return {
    root,
    /** @param {LensView} view */
    update({ section, arithmetic, map, held, mapName, neuron, painted, decimals, colorings: { own } }) {
      const [, rows, columns] = section.layer.output_shape;
      root.hidden = !arithmetic || !map || (rows * columns === 1 && !held);
      heldStage.root.hidden = differenceStage.root.hidden = !held;
      if (!arithmetic || !map) return;
      const shared = { padding: NO_PADDING, box: { top: neuron.row, left: neuron.column, height: 1, width: 1 }, room: held ? HELD_ROOM : painted === null ? room : SWEPT_ROOM };
      if (!held) {
        nowStage.update({ ...shared, plane: map, painted: painted ?? Infinity, caption: mapName }, own);
        return;
      }
      const cell = neuron.row * map.width + neuron.column;
      const [now, then] = [map, held].map(({ data }) => toUnits(data[cell], decimals));
      const difference = { ...map, data: map.data.map((value, i) => value - held.data[i]) };
      nowStage.update({ ...shared, plane: map, painted: painted ?? Infinity, caption: `now ${formatUnits(now, decimals)}` }, own);
      heldStage.update({ ...shared, plane: held, painted: Infinity, caption: `held ${formatUnits(then, decimals)}` }, own);
      differenceStage.update({ ...shared, plane: difference, painted: Infinity, caption: `now − held ${formatUnits(now - then, decimals, true)}` }, own);
    },
  };
}
