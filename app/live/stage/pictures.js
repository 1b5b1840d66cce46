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
  }

  /** The newest sheet that all runs have shares one row of pictures; runs on other data get rows of their own. */
  show(runs, arms, theme, step) {
    const sheets = newestSheets(runs, step);
    const key = JSON.stringify([theme, sheets.map((sheet) => sheet && [sheet[0], sheet[3]]), runs.map((r) => r.id)]);
    if (key === this.shown) return;
    this.shown = key;
    const steps = [...new Set(sheets.filter(Boolean).map((sheet) => sheet[0]))];
    say(this.when, steps.length === 1 ? `batch of step ${steps[0]}` : "");
    const body = element("tbody", "");
    let above = null;
    runs.forEach((run, i) => {
      const sheet = sheets[i];
      if (!sheet) return;
      if (!above || !isSame(above, sheet)) body.append(...pictureRows(sheet, run.classes));
      above = sheet;
      body.append(answerRow(sheet, run.classes, arms[i], theme));
    });
    this.table.replaceChildren(body);
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

function pictureRows(sheet, classes) {
  const [, sprite, labels] = sheet;
  const pictures = element("tr", "", rowHead("shown"));
  const names = element("tr", "rl-truth", rowHead("it is"));
  labels.forEach((label, i) => {
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

function answerRow([, , labels, predictions], classes, arm, theme) {
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
