// The pictures being trained on: what each is, and what each network said of it.
import { countUntil } from "./run.js";
import { swatch } from "./arms.js";
import { element, say } from "./text.js";

export class Pictures {
  constructor({ title, caption }) {
    this.when = element("span", "rl-when");
    this.table = element("table", "rl-sheet");
    this.table.append(element("tbody", ""));
    this.root = element(
      "section", "rl-panel rl-pictures",
      element("header", "", element("h3", "", title), this.when),
      element("div", "rl-scroll", this.table),
      element("p", "rl-caption", caption),
    );
    this.root.setAttribute("aria-label", title);
    this.shown = "";
    this.observer = new ResizeObserver(() => this.last && this.show(...this.last));
    this.observer.observe(this.table.parentElement);
  }

  /** How many pictures have room side by side. */
  get room() {
    const em = parseFloat(getComputedStyle(this.table).fontSize);
    return Math.max(4, Math.min(12, Math.floor((this.table.parentElement.clientWidth / em - 11.5) / 5.5)));
  }

  /** The newest sheet that all runs have shares one row of pictures; runs on other data get rows of their own. */
  show(runs, arms, theme, step) {
    this.last = [runs, arms, theme, step];
    const { room } = this;
    const sheets = newestSheets(runs, step);
    const key = JSON.stringify([room, theme, sheets.map((sheet) => sheet && [sheet[0], sheet[3]]), runs.map((r) => r.id)]);
    if (key === this.shown) return;
    this.shown = key;
    const steps = [...new Set(sheets.filter(Boolean).map((sheet) => sheet[0]))];
    say(this.when, steps.length === 1 ? `batch of step ${steps[0]}` : "");
    const body = element("tbody", "");
    let above = null;
    runs.forEach((run, i) => {
      const sheet = sheets[i];
      if (!sheet) return;
      if (!above || !isSame(above, sheet)) body.append(...pictureRows(sheet, run.classes, room));
      above = sheet;
      body.append(answerRow(sheet, run.classes, arms[i], theme, room));
    });
    this.table.replaceChildren(body);
  }

  close() {
    this.observer.disconnect();
  }
}

function newestSheets(runs, step) {
  const known = runs.map((run) => run.sheets.slice(0, countUntil(run.sheets.map((sheet) => sheet[0]), step)));
  const having = known.filter((sheets) => sheets.length);
  const common = having.length && having[0].map((s) => s[0]).filter((at) => having.every((ss) => ss.some((s) => s[0] === at)));
  const at = common?.length ? common[common.length - 1] : null;
  return known.map((sheets) => sheets.find((s) => s[0] === at) ?? sheets[sheets.length - 1] ?? null);
}

function isSame(one, other) {
  return one[0] === other[0] && String(one[2]) === String(other[2]) && (!other[1] || one[1] === other[1]);
}

function pictureRows(sheet, classes, room) {
  const [, sprite, labels] = sheet;
  const pictures = element("tr", "", rowHead("shown"));
  const names = element("tr", "rl-truth", rowHead("it is"));
  labels.slice(0, room).forEach((label, i) => {
    const picture = element("span", "rl-picture");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `a training picture: ${classes[label]}`);
    if (sprite) picture.style.backgroundImage = `url(${sprite})`;
    picture.style.backgroundSize = `${100 * labels.length}% 100%`;
    picture.style.backgroundPosition = `${labels.length > 1 ? (100 * i) / (labels.length - 1) : 0}% 0`;
    pictures.append(element("td", "", picture));
    names.append(element("td", "", classes[label]));
  });
  return [pictures, names];
}

function answerRow([, , all, predictions], classes, arm, theme, room) {
  const labels = all.slice(0, room);
  const right = labels.filter((label, i) => label === predictions[i]).length;
  const head = rowHead(swatch(arm, theme, 26), `${arm.name}: ${right} of ${labels.length}`);
  const row = element("tr", "rl-answers", head);
  labels.forEach((label, i) => {
    const isRight = label === predictions[i];
    const mark = element("span", "rl-mark", isRight ? "✓" : "✗");
    mark.setAttribute("aria-label", isRight ? "right:" : "wrong:");
    row.append(element("td", isRight ? "rl-right" : "rl-wrong", mark, ` ${classes[predictions[i]] ?? "?"}`));
  });
  return row;
}

function rowHead(...children) {
  const head = element("th", "", element("span", "rl-head", ...children));
  head.scope = "row";
  return head;
}
