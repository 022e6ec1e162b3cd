// @ts-check
/** @import { CreateExperiment } from "../../types.js" */

/** @type {CreateExperiment} */
export function createPoke() {
  return { update() {}, layOut() {} };
}
