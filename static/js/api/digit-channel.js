// @ts-check

/**
 * Send the newest digit, one question at a time: while an answer is under way the latest digit waits, and
 * a newer one takes its place. Neither the pen nor the lens under a pointer ever queues up more work than the server can
 * answer.
 *
 * @template Q, R
 * @param {(question: Q, sequence: number) => Promise<R>} ask
 * @param {{onAnswer: (answer: R) => void, onFailure: (error: unknown) => void}} listener
 */
export function createDigitChannel(ask, { onAnswer, onFailure }) {
  let sequence = 0;
  let busy = false;
  /** @type {{question: Q} | null} */
  let waiting = null;

  /** @param {Q} question */
  async function send(question) {
    waiting = { question };
    if (busy) return;
    busy = true;
    while (waiting) {
      const next = /** @type {{question: Q}} */ (waiting);
      waiting = null;
      sequence += 1;
      try {
        onAnswer(await ask(next.question, sequence));
      } catch (error) {
        onFailure(error);
      }
    }
    busy = false;
  }

  return { send };
}
