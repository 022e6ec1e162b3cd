// @ts-check

const BROWSER = {
  now: () => performance.now(),
  /** @param {() => void} callback  @param {number} milliseconds */
  after: (callback, milliseconds) => void setTimeout(callback, milliseconds),
};

/**
 * Run something at once; if it ran less than a pause ago, run it once when the pause is over, however often it was called.
 *
 * It does not wait for animation frames: waiting for the next frame would show the result up to one frame later.
 * @param {() => void} run
 * @param {number} pause  Milliseconds between two runs, at least.
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

/**
 * Run something in the next animation frame, once for each frame, however often it was called.
 * @param {() => void} run
 * @returns {() => void}
 */
export function oncePerFrame(run) {
  let frame = 0;
  return () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      run();
    });
  };
}
