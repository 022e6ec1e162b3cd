// @ts-check
/** @import { CreateExperiment } from "../../types.js" */

/** @type {CreateExperiment} */
export function createShift() {
  return { update() {}, layOut() {} };
}
