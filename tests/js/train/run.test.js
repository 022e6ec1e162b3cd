// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import {
  costSentence, curveOf, deadFilters, deadSentence, differenceSentence, isActive, newestKernels, noKernels, progressOf, requestOf, runIdIn, shortStatus, statusSentence,
} from "../../../static/js/train/run.js";
/** @import { Run, TrainingRequest } from "../../../static/js/train/types.js" */

const kernels = [[[0.5]]];
/** @type {TrainingRequest} */
const request = { kernel_size: 5, filters: 8, learning_rate: 0.004, digits: 5000, epochs: 5, start: "random" };
/** @type {Run} */
const done = {
  id: "v1", state: "done", place: null, request, classes: null, isLost: false,
  updates: [
    { digits: 5000, held_out: 1000 },
    { step: 0, steps: 2, epoch: 0, kernels: [[[0]]] },
    { step: 1, steps: 2, epoch: 1, loss: 2.3, accuracy: 0.1, kernels },
    { step: 2, steps: 2, epoch: 1, loss: 2, accuracy: 0.25 },
    { validation_accuracy: 0.9342, seconds: 1.6 },
  ],
};

test("the slider of the learning rate is logarithmic, with two digits", () => {
  assert.deepEqual(requestOf({ kernel_size: 5, learning_rate: -2.4 }, false), { kernel_size: 5, learning_rate: 0.004, start: "random" });
  assert.equal(requestOf({ learning_rate: -2.4 }, true).start, "equal");
});

test("cost of 8 kernels of 5×5: 8·26, 784·8·25 and 8·196·10 + 10", () => {
  assert.equal(
    costSentence({ kernel_size: 5, filters: 8 }),
    "Convolution: 208 weights and biases, 156,800 products for each digit. Fully connected layer: 15,690 weights and biases.",
  );
});

test("the curve has the reports with loss and accuracy; the newest kernels may be older than the newest report", () => {
  assert.deepEqual(curveOf(done), { steps: 2, points: [{ step: 1, loss: 2.3, accuracy: 0.1 }, { step: 2, loss: 2, accuracy: 0.25 }] });
  assert.equal(newestKernels(done), kernels);
  assert.equal(newestKernels({ ...done, updates: [] }), undefined);
});

test("every state has a sentence with its numbers", () => {
  const where = "5,000 MNIST training digits";
  assert.equal(statusSentence(null), "No network trained yet.");
  assert.equal(statusSentence({ ...done, state: "queued", place: 3 }), "Waiting: number 3 in the queue.");
  assert.equal(statusSentence({ ...done, state: "queued" }), "Waiting for its turn.");
  assert.equal(statusSentence({ ...done, state: "running", updates: [] }), "Preparing the digits…");
  assert.equal(statusSentence({ ...done, state: "running" }), `Step 2 of 2, on ${where}.`);
  assert.equal(statusSentence(done), `Trained in 1.6 s on ${where}. It classifies 93.4% of 1,000 other digits correctly.`);
  assert.equal(statusSentence({ ...done, state: "canceled" }), "Canceled and deleted.");
  assert.equal(statusSentence({ ...done, state: "failed" }), "The training failed; the reason is shown below.");
  assert.equal(statusSentence({ ...done, state: "running", isLost: true }), "The connection to the server is lost; this page keeps trying.");
  assert.equal(shortStatus(done), "93.4% of other digits correct.");
  assert.equal(shortStatus({ ...done, state: "running" }), "Step 2 of 2.");
  assert.equal(shortStatus({ ...done, state: "queued", place: 3 }), "Waiting: number 3 in the queue.");
});

test("before the first report, as many kernels as chosen are empty", () => {
  assert.deepEqual(noKernels({ kernel_size: 3, filters: 1 }), [[[0, 0, 0], [0, 0, 0], [0, 0, 0]]]);
});

test("a run on own symbols speaks of drawings", () => {
  const updates = [{ digits: 1000, held_out: 6 }, { step: 1, steps: 120, dead: [1] }, { validation_accuracy: 5 / 6, seconds: 2.1, dead: [1] }];
  const symbols = { ...done, classes: [{ name: "star", drawings: 15 }, { name: "bar", drawings: 15 }], updates };
  assert.equal(statusSentence(symbols), "Trained in 2.1 s on 1,000 images made from the drawings. It classifies 5 of 6 drawings correctly that were kept aside.");
  assert.match(deadSentence(symbols), /on each of 6 drawings that are not used/);
});

test("dead filters are those of the newest report: measured on 100 held-out digits, at the end on all", () => {
  const middle = { ...done, updates: [done.updates[0], { step: 1, dead: [2] }, { step: 2, dead: [0, 3] }] };
  assert.deepEqual(deadFilters(middle), { dead: [0, 3], digits: 100 });
  assert.deepEqual(deadFilters({ ...middle, updates: [...middle.updates, { validation_accuracy: 0.9, dead: [3] }] }), { dead: [3], digits: 1000 });
  assert.equal(deadSentence(middle), "Filters 0 and 3 are dead: after the ReLU, their maps are zero everywhere, on each of 100 digits that are not used for training.");
  assert.equal(
    deadSentence({ ...done, updates: [done.updates[0], { validation_accuracy: 0.9, dead: [3] }] }),
    "Filter 3 is dead: after the ReLU, its map is zero everywhere, on each of 1,000 digits that are not used for training.",
  );
  assert.equal(deadSentence(done), "");
});

test("two runs differ in the settings that are named with both values", () => {
  assert.equal(differenceSentence(request, { ...request, start: "equal" }), "A and B differ only in start (A: random, B: all kernels equal).");
  assert.equal(differenceSentence(request, { ...request, filters: 2, kernel_size: 7 }), "A and B differ in kernel size (A: 5×5, B: 7×7); filters (A: 8, B: 2).");
  assert.match(differenceSentence(request, { ...request }), /^A and B have the same settings/);
});

test("progress is a share of the steps, and unknown before the first report", () => {
  assert.equal(progressOf({ ...done, state: "running", updates: done.updates.slice(0, 3) }), 0.5);
  assert.equal(progressOf({ ...done, state: "running", updates: [] }), null);
  assert.equal(progressOf(done), 1);
  assert.deepEqual([isActive(null), isActive(done), isActive({ ...done, state: "queued" })], [false, false, true]);
});

test("the id of a run is found in a link to it", () => {
  const id = "v1c8b5f8-et5aknoutaj3wgcvakyuupaozj";
  assert.equal(runIdIn(`https://school.example/train#v=1&n=15&run=${id}&compare=new`), id);
  assert.equal(runIdIn(` ${id}\n`), id);
  assert.equal(runIdIn("https://school.example/train#n=15"), null);
});
