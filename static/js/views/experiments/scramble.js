// @ts-check
/** @import { CreateExperiment } from "../../types.js" */

/** @type {CreateExperiment} */
export function createScramble() {
  return { update() {}, layOut() {} };
}
