// @ts-check
// Requests the evidence for the digit whose maps are shown: never before its maps have arrived, one request at a time, only
// for the newest digit, and at most fifteen times a second; while the digit changes, fewer times, as the server computes
// evidence for as long as the maps of several drawings, which would wait for it.
/** @import { Digit } from "../../types.js" */
/** @import { Evidence } from "../../api/evidence.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { pace } from "../../shell/pace.js";

const PAUSE = 1000 / 15; // Milliseconds from one request to the next.
const MOVING_PAUSE = 400; // The same while the digit changes.
const REST = 300; // Milliseconds without another digit, after which a digit has its evidence in all steps.

// From a blank page to the digit. The contributions add up for any number, to 2e-6. With more steps they come nearer to the
// integral: of 20 drawn digits, 8 steps (16 ms) were within 10% of 512 in conv1, 27% in conv3 and 36% in conv4; 32 steps
// (41 ms) within 2, 5 and 6%.
const STEPS = { moving: 8, still: 32 };

/** @typedef {{digit: Digit, label: number}} Subject  A digit, and the class to explain. */

/**
 * @param {(digit: Digit, options: {label: number, steps: number}) => Promise<Evidence>} request
 * @param {{onEvidence: (evidence: Evidence, subject: Subject) => void, onFailure: (error: unknown) => void}} listener
 */
export function createEvidenceLoop(request, { onEvidence, onFailure }) {
  /** @type {Subject | null} */
  let newest = null;
  /** The digit that was followed last, remembered over a blank page: the pen that draws after it is moving. @type {Digit | null} */
  let last = null;
  let steps = STEPS.still;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;

  const channel = createDigitChannel(
    async (/** @type {Subject & {steps: number}} */ subject) => ({ subject, evidence: await request(subject.digit, subject) }),
    {
      onResponse({ subject, evidence }) {
        if (newest && subject.label === newest.label) onEvidence(evidence, subject);
      },
      onFailure,
    },
  );
  const send = pace(() => newest && channel.send({ ...newest, steps }), PAUSE);
  const sendMoving = pace(() => steps === STEPS.moving && send(), MOVING_PAUSE);

  return {
    /** @param {Subject} subject */
    follow(subject) {
      if (subject.digit === newest?.digit && subject.label === newest.label) return;
      const isMoving = last !== null && subject.digit !== last;
      newest = subject;
      last = subject.digit;
      steps = isMoving ? STEPS.moving : STEPS.still;
      clearTimeout(rest);
      if (!isMoving) return send();
      sendMoving();
      rest = setTimeout(() => {
        steps = STEPS.still;
        send();
      }, REST);
    },

    /** Evidence that is still to come is not shown. */
    stop() {
      newest = null;
      clearTimeout(rest);
    },
  };
}
