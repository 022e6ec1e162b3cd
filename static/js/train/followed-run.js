// @ts-check
// Follows a run of the server, also when the connection or the server is lost for a while.
/** @import { Run, TrainingResponse } from "./types.js" */
import { followTraining, getTraining } from "../api/trainings.js";
import { persist, whenReachable } from "../api/reachability.js";
import { forgetOwner } from "../shell/owners.js";

/**
 * @param {Pick<TrainingResponse, "id" | "request" | "classes" | "state">} known
 * @param {object} listener
 * @param {(run: Run) => void} listener.onChange  `run` is changed in place.
 * @param {(problem: string) => void} listener.onProblem  Why it failed.
 * @param {(error: unknown) => void} listener.fail
 * @returns {{run: Run, close: () => void}}
 */
export function openRun({ id, request, classes, state }, { onChange, onProblem, fail }) {
  /** @type {Run} */
  const run = { id, request, classes, state, place: null, updates: [], isLost: false };
  let isClosed = false;
  let unfollow = () => {};

  function changed() {
    run.isLost = false;
    onChange(run);
  }

  function follow() {
    unfollow = followTraining(id, {
      onStart() {
        run.updates = [];
      },
      onPlace({ state: now, place }) {
        run.state = now;
        run.place = place;
        changed();
      },
      onUpdate(update) {
        run.updates.push(update);
        changed();
      },
      onEnd({ state: end, problem }) {
        run.state = end;
        if (end === "canceled") forgetOwner(id);
        if (problem) onProblem(problem);
        changed();
      },
      onBroken(isFinal) {
        run.isLost = true;
        onChange(run);
        if (isFinal) whenReachable(reopen);
      },
    });
  }

  async function reopen() {
    try {
      await persist(() => getTraining(id), fail);
      if (!isClosed) follow();
    } catch (error) {
      if (isClosed) return;
      run.state = "canceled"; // Deleted meanwhile.
      fail(error);
      changed();
    }
  }

  follow();
  return {
    run,
    close() {
      isClosed = true;
      unfollow();
    },
  };
}
