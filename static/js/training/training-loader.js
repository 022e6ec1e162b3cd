// @ts-check
// Loads the training history when it is first opened.
/** @import { ActivationsResponse, Bench, ActivationsRequest } from "../types.js" */
import { find } from "../dom/find.js";

/** @typedef {Awaited<ReturnType<typeof import("./training.js").createTraining>>} TrainingHistoryView */

/** @param {Bench} bench */
export function wireTraining(bench) {
  /** @type {TrainingHistoryView | null} */
  let training = null;
  /** @type {Promise<TrainingHistoryView> | null} */
  let loading = null;

  const load = () => (loading ??= Promise.all([import("./training.js"), import("../shell/styles.js").then(({ addStyles }) => addStyles("training"))])
    .then(([{ createTraining }]) => createTraining(bench))
    .then((loaded) => (training = loaded), (error) => {
      loading = null; // The next click tries again.
      throw error;
    }));

  find(document, "#training", HTMLButtonElement).addEventListener("click", () => load().then(({ toggle }) => toggle(), bench.fail), { signal: bench.signal });

  return {
    repaint: () => training?.repaint(),
    /** @param {ActivationsResponse} response */
    painted: (response) => training?.painted(response),
    /** Request a digit's maps, computed with weights of the training history. @param {ActivationsRequest} request  @param {number} sequence */
    post: async (request, sequence) => (await load()).post(request, sequence),
  };
}
