// @ts-check

const PACE = 350; // Milliseconds for each checkpoint, long enough to see what has changed.
/** @type {{set: (act: () => void, milliseconds: number) => number, clear: (timer: number) => void}} */
const TIMERS = { set: (act, milliseconds) => Number(setTimeout(act, milliseconds)), clear: (timer) => clearTimeout(timer) };

/**
 * Play through the checkpoints, one after another. Does not know what is shown.
 *
 * @param {object} slider
 * @param {() => number} slider.index
 * @param {number} slider.end        The last index.
 * @param {(index: number) => void} slider.move
 * @param {() => boolean} slider.isShown  Whether the maps of the chosen checkpoint have arrived. A slow connection
 *   makes playing slower; no checkpoint is skipped.
 * @param {() => boolean} slider.isStill  Whether motion is reduced: then Play moves by a single checkpoint.
 * @param {() => void} slider.onChange    Playing has begun or ended.
 * @param {typeof TIMERS} [timers]
 */
export function createPlayback({ index, end, move, isShown, isStill, onChange }, timers = TIMERS) {
  let playing = false;
  let timer = 0;

  function tick() {
    if (isShown()) move(index() + 1);
    if (index() === end) pause();
    else timer = timers.set(tick, PACE);
  }

  function play() {
    const atEnd = index() === end;
    if (isStill()) return move(atEnd ? 0 : index() + 1);
    playing = true;
    if (atEnd) move(0);
    onChange();
    timer = timers.set(tick, PACE);
  }

  function pause() {
    if (!playing) return;
    playing = false;
    timers.clear(timer);
    onChange();
  }

  return { isPlaying: () => playing, pause, toggle: () => (playing ? pause() : play()) };
}
