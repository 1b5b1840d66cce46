// Numbers and states in words, and one way to make elements.

export const PHASES = {
  QUEUED: "waiting",
  STARTING: "starting",
  RUNNING: "training",
  PAUSED: "paused",
  DONE: "finished",
  STOPPED: "stopped",
  DIVERGED: "diverged",
  FAILED: "failed",
};

export function inPercent(share) {
  return share === undefined || share === null ? "–" : `${(100 * share).toFixed(1)}\u202f%`;
}

export function asLoss(loss) {
  if (loss === undefined) return "–";
  if (!Number.isFinite(loss)) return "not finite";
  return loss >= 100 ? loss.toPrecision(3) : loss.toFixed(loss >= 10 ? 1 : 3);
}

/** 75 -> "1 min 15 s" */
export function asDuration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}\u202fs`;
  if (whole < 3600) return `${Math.floor(whole / 60)}\u202fmin ${whole % 60}\u202fs`;
  return `${Math.floor(whole / 3600)}\u202fh ${Math.floor((whole % 3600) / 60)}\u202fmin`;
}

export function asCount(number) {
  return number.toLocaleString("en-US");
}

/** element("p", "note", "text") or element("div", "row", child, child) */
export function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

export function button(name, text, onPress) {
  const made = element("button", name, text);
  made.type = "button";
  made.onclick = onPress;
  return made;
}

/** Text that is written only when it changes, so that screen readers and layout stay calm. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
