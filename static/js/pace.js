// @ts-check

const BROWSER = {
  now: () => performance.now(),
  /** @param {() => void} callback  @param {number} milliseconds */
  after: (callback, milliseconds) => void setTimeout(callback, milliseconds),
};

/**
 * Run something at once, unless it ran just before: then as soon as the pause is over, once for all that wanted it.
 *
 * Not tied to frames: what always waits for the next one is shown a frame later than it could be.
 * @param {() => void} run
 * @param {number} pause  Least milliseconds between two runs.
 * @param {{now: () => number, after: (callback: () => void, milliseconds: number) => unknown}} [clock]
 * @returns {() => void}
 */
export function pace(run, pause, clock = BROWSER) {
  let last = -Infinity;
  let waiting = false;

  function runNow() {
    waiting = false;
    last = clock.now();
    run();
  }

  return () => {
    if (waiting) return;
    const rest = last + pause - clock.now();
    if (rest <= 0) return runNow();
    waiting = true;
    clock.after(runNow, rest);
  };
}
