// The state of each arm: who it is, how far it is, how well it does.
import { PHASES, asCount, asDuration, asLoss, element, inPercent, say } from "./text.js";

const SYMBOLS = {
  circle: "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0Z",
  square: "M-4,-4H4V4H-4Z",
  diamond: "M0,-5.5L5.5,0L0,5.5L-5.5,0Z",
  pentagon: "M0,-5.2L5,-1.6L3.1,4.2H-3.1L-5,-1.6Z",
  "triangle-up": "M0,-5.5L5.4,4.4H-5.4Z",
  "triangle-down": "M0,5.5L5.4,-4.4H-5.4Z",
  x: "M-5,-3L-3,-5L0,-2L3,-5L5,-3L2,0L5,3L3,5L0,2L-3,5L-5,3L-2,0Z",
  star: "M0,-6L1.5,-2H5.7L2.4,0.7L3.5,4.9L0,2.4L-3.5,4.9L-2.4,0.7L-5.7,-2H-1.5Z",
};

/** The line of an arm as it is in the charts: colour, dash and marker. */
export function swatch(arm, theme, width = 44) {
  const dash = { solid: "", dash: "7 4" }[arm.dash] ?? arm.dash.replaceAll("px", "").replaceAll(",", " ");
  const holder = element("span", "rl-swatch");
  holder.innerHTML =
    `<svg width="${width}" height="14" viewBox="0 -7 ${width} 14" aria-hidden="true">` +
    `<line x1="0" x2="${width}" y1="0" y2="0" stroke-width="3" stroke-dasharray="${dash}"/>` +
    `<path d="${SYMBOLS[arm.symbol]}" transform="translate(${width / 2} 0) scale(1.15)"/></svg>`;
  holder.style.setProperty("--arm", arm.color[theme]);
  return holder;
}

export class ArmStrip {
  constructor(arm, theme) {
    this.phase = element("span", "rl-phase");
    this.loss = element("dd", "", "–");
    this.accuracy = element("dd", "", "–");
    this.fill = element("div", "rl-fill");
    this.bar = element("div", "rl-bar", this.fill);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", `steps of ${arm.name}`);
    this.pace = element("p", "rl-pace");
    const name = element("div", "rl-who", swatch(arm, theme), element("h3", "", arm.name), this.phase);
    const numbers = element(
      "dl", "rl-numbers",
      element("div", "", element("dt", "", "training loss, smoothed"), this.loss),
      element("div", "", element("dt", "", "test accuracy"), this.accuracy),
    );
    this.root = element("article", "rl-arm", name, numbers, this.bar, this.pace);
    this.root.style.setProperty("--arm", arm.color[theme]);
  }

  /** The state at `step`; `isLive` says whether pace and phase are of interest. */
  show(run, step, isLive) {
    const header = run.header ?? {};
    const now = run.numbersAt(step);
    say(this.loss, asLoss(now.loss));
    this.loss.classList.toggle("rl-word", now.loss !== undefined && !Number.isFinite(now.loss));
    say(this.accuracy, inPercent(now.accuracy));
    const done = isLive ? header.steps_done ?? 0 : (now.step ?? -1) + 1;
    const share = header.steps ? Math.min(1, done / header.steps) : 0;
    this.fill.style.transform = `scaleX(${share})`;
    this.bar.setAttribute("aria-valuenow", Math.round(100 * share));
    this.root.dataset.phase = isLive ? header.phase ?? "" : "REPLAY";
    say(this.phase, phaseText(header, isLive));
    say(this.pace, paceText(header, done, now, isLive));
    this.pace.title = header.reason ?? "";
  }
}

function phaseText(header, isLive) {
  if (!header.phase) return "loading";
  if (!isLive && header.phase === "DONE") return "";
  if (header.phase === "QUEUED" && header.queue_position) return `waiting, place ${header.queue_position} in the queue`;
  return PHASES[header.phase] ?? header.phase.toLowerCase();
}

function paceText(header, done, now, isLive) {
  if (!header.steps) return "\u00a0";
  const parts = [`step ${asCount(done)} of ${asCount(header.steps)}`];
  if (!isLive) {
    if (now.seconds > 0) parts.push(`${asDuration(now.seconds)} of training`);
  } else if (header.phase === "RUNNING") {
    if (header.steps_per_second) parts.push(`${header.steps_per_second.toFixed(1)} steps/s`);
    if (header.seconds_left !== null) parts.push(`${asDuration(header.seconds_left)} left`);
  } else if (header.reason) parts.push(header.reason);
  return parts.join("  ·  ");
}
