// What a page knows of one run, and what of it was known at a step.

export const SMOOTHING = 0.95; // the same as in resnet_core/results.py

/** The number of entries of the sorted list `steps` that are at most `step`. */
export function countUntil(steps, step) {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a layer [name, kind, depth] is on a way past the main path. */
export const isBeside = ([, kind]) => ["projection", "gate", "parallel"].includes(kind);

export class Run {
  constructor(id) {
    this.id = id;
    this.header = null;
    this.layers = [];
    this.blocks = [];
    this.classes = [];
    this.quantities = [];
    this.steps = [];
    this.loss = [];
    this.smoothed = [];
    this.seconds = [];
    this.accuracy = { steps: [], values: [] };
    this.readings = {}; // quantity -> {steps, values: [Float32Array]}
    this.sheets = []; // [step, sprite, labels, predictions]
    this.average = 0;
    this.version = 0;
  }

  get newest() {
    return this.steps.length ? this.steps[this.steps.length - 1] : -1;
  }

  get hasEnded() {
    return ["DONE", "STOPPED", "DIVERGED", "FAILED"].includes(this.header?.phase);
  }

  /** Takes in a decoded delta; steps already known are passed over. Says whether anything changed. */
  append({ header, rows }) {
    const before = this.header;
    this.header = header;
    if (header.layers?.length) {
      const { layers, blocks, classes, quantities } = header;
      Object.assign(this, { layers, blocks, classes, quantities });
    }
    for (const row of rows) if (row.step > this.newest) this.appendRow(row);
    const known = this.sheets.length ? this.sheets[this.sheets.length - 1][0] : -1;
    this.sheets.push(...header.pictures.filter((sheet) => sheet[0] > known));
    const changed = rows.length > 0 || header.pictures.length > 0 || isDifferent(before, header);
    if (changed) this.version++;
    return changed;
  }

  appendRow(row) {
    this.steps.push(row.step);
    this.loss.push(row.loss);
    this.seconds.push(row.seconds);
    this.smoothed.push(this.smooth(row.loss));
    const { evaluation, ...readings } = row.readings;
    if (evaluation) {
      this.accuracy.steps.push(row.step);
      this.accuracy.values.push(evaluation[0]);
    }
    for (const [name, values] of Object.entries(readings)) {
      const reading = (this.readings[name] ??= { steps: [], values: [] });
      reading.steps.push(row.step);
      reading.values.push(values);
    }
  }

  /** Exponential moving average, corrected for its start; NaN from the first value that is not finite. */
  smooth(loss) {
    if (!Number.isFinite(loss) || Number.isNaN(this.average)) {
      this.average = NaN;
      return NaN;
    }
    this.average = SMOOTHING * this.average + (1 - SMOOTHING) * loss;
    return this.average / (1 - SMOOTHING ** this.steps.length);
  }

  /** The newest reading of a quantity at `step`, or null. */
  readingAt(quantity, step) {
    const reading = this.readings[quantity];
    const known = reading ? countUntil(reading.steps, step) : 0;
    return known ? { step: reading.steps[known - 1], values: reading.values[known - 1] } : null;
  }

  /** Smoothed loss and test accuracy at `step`; undefined where nothing is known yet. */
  numbersAt(step) {
    const known = countUntil(this.steps, step);
    const evaluated = countUntil(this.accuracy.steps, step);
    return {
      step: known ? this.steps[known - 1] : undefined,
      loss: known ? this.smoothed[known - 1] : undefined,
      accuracy: evaluated ? this.accuracy.values[evaluated - 1] : undefined,
      seconds: known ? this.seconds[known - 1] : undefined,
    };
  }
}

function isDifferent(before, header) {
  const told = ["phase", "reason", "steps_done", "queue_position", "steps_per_second", "test_accuracy"];
  return !before || told.some((key) => before[key] !== header[key]);
}
