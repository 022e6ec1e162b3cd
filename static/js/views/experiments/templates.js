// @ts-check
/** @import { CreateExperiment } from "../../types.js" */

/** @type {CreateExperiment} */
export function createTemplates() {
  return { update() {}, layOut() {} };
}
