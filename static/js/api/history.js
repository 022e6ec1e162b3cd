// @ts-check
/** @import { TrainingHistory } from "../types.js" */
import { apiAddress } from "./address.js";
import { requestJson } from "./http.js";

/** The checkpoints of a model's training. @param {string} model  @returns {Promise<TrainingHistory>} */
export function getHistory(model) {
  return requestJson(apiAddress(["models", model, "history"]));
}
