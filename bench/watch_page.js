// Put into the page before its own scripts: notes when a pointer event came and when its maps were painted.
{
  const empty = () => ({ repainted: [], presented: [], frames: [], longTasks: [] });
  let notes = empty();
  let watching = false;
  let pointed = 0; // When the newest pointer event came.
  let answered = 0; // The newest answer that is not painted yet.
  const asked = new Map(); // Sequence → when the pointer event came that it carries.

  addEventListener("pointerrawupdate", ({ timeStamp }) => (pointed = timeStamp), { capture: true });

  window.WebSocket = class extends WebSocket {
    constructor(...options) {
      super(...options);
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string") return;
        const length = Number(new DataView(data).getBigUint64(0, true));
        const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, length)));
        answered = Number(header.__metadata__.sequence);
      });
    }

    send(text) {
      if (pointed) asked.set(JSON.parse(text).sequence, pointed);
      pointed = 0;
      super.send(text);
    }
  };

  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...options) {
    put.apply(this, options);
    if (!answered) return;
    const sequence = answered;
    answered = 0;
    // All maps are painted in one go, and this runs when that is over.
    queueMicrotask(() => {
      const painted = performance.now();
      const came = [...asked].filter(([number]) => number <= sequence);
      for (const [number] of came) asked.delete(number);
      if (!watching) return;
      for (const [, time] of came) notes.repainted.push(painted - time);
      // A frame later the compositor has it.
      requestAnimationFrame(() => {
        const now = performance.now();
        for (const [, time] of came) notes.presented.push(now - time);
      });
    });
  };

  const tick = (time) => {
    if (watching) notes.frames.push(time);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  new PerformanceObserver((list) => {
    if (watching) for (const { duration } of list.getEntries()) notes.longTasks.push(duration);
  }).observe({ type: "longtask" });

  window.watched = {
    begin() {
      notes = empty();
      asked.clear();
      watching = true;
    },
    end() {
      watching = false;
      return notes;
    },
  };
}
