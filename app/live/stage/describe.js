// One sentence a chart, for readers who do not see it.
import { isBeside } from "./run.js";
import { asLoss, inPercent } from "./text.js";

const inWords = (number) => Number(number).toPrecision(2);

export function describeCurves(arms, runs, step) {
  const parts = runs.map((run, i) => {
    const now = run.numbersAt(step);
    if (now.step === undefined) return `${arms[i].name}: nothing yet`;
    return `${arms[i].name} at step ${now.step}: smoothed loss ${asLoss(now.loss)}, test accuracy ${inPercent(now.accuracy)}`;
  });
  return `Training loss and test accuracy over the steps. ${parts.join("; ")}.`;
}

export function describeProfile(title, quantity, arms, runs, step) {
  const parts = runs.map((run, i) => {
    const reading = run.readingAt(quantity, step);
    if (!reading?.values.length) return `${arms[i].name}: nothing to show`;
    const values = Array.from(reading.values);
    const odd = values.filter((value) => !Number.isFinite(value)).length;
    const ends = `${inWords(values[0])} at the first and ${inWords(values[values.length - 1])} at the last place`;
    return `${arms[i].name} at step ${reading.step}: ${ends}${odd ? `, ${odd} not finite` : ""}`;
  });
  return `${title}. ${parts.join("; ")}.`;
}

export function describeHeat(arms, runs, step) {
  const parts = runs.map((run, i) => {
    const reading = run.readingAt("gradient_norm", step);
    const layers = run.layers.filter((layer) => !isBeside(layer)).length;
    return `${arms[i].name}: ${layers} layers${reading ? ` up to step ${reading.step}` : ", nothing yet"}`;
  });
  return `Gradient norm of every layer of the main path at every step, as colours. ${parts.join("; ")}.`;
}
