// @ts-check
// The shapes of visitors' training runs; types only, nothing runs here.
/** @import { Stroke } from "../types.js" */

/**
 * The settings of a training run.
 * @typedef {{kernel_size: number, filters: number, learning_rate: number, digits: number, epochs: number,
 *   start: "random" | "equal"}} TrainingRequest
 */

/** Own symbols to train on. @typedef {{classes: {name: string, drawings: Stroke[][]}[], pen_width: number}} SymbolsRequest */

/**
 * One report of a run: the first names its digits, the following ones give the progress, the last one the result.
 * @typedef {{digits?: number, held_out?: number, step?: number, steps?: number, epoch?: number,
 *   loss?: number, accuracy?: number, kernels?: number[][][], dead?: number[], validation_accuracy?: number, seconds?: number}} TrainingUpdate
 */

/** On the page alone: "none" before a run, "canceled" after it was deleted.
 * @typedef {"none" | "queued" | "running" | "done" | "failed" | "canceled"} TrainingState */

/** @typedef {{state: TrainingState, problem?: string | null}} TrainingEnd */

/** A class of a visitor's own symbols, with its number of drawings. @typedef {{name: string, drawings: number}} DrawnClass */

/**
 * @typedef {{id: string, state: TrainingState, place: number | null, request: TrainingRequest, classes: DrawnClass[] | null,
 *   problem: string | null}} TrainingResponse
 */

/**
 * A run as the page knows it. `classes`: null for MNIST's digits. `isLost`: there is no connection to the server at the moment.
 * @typedef {{id: string, state: TrainingState, place: number | null, request: TrainingRequest, classes: DrawnClass[] | null,
 *   updates: TrainingUpdate[], isLost: boolean}} Run
 */

/** @typedef {"A" | "B"} RunName */

export {};
