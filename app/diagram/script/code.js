// The code of one network, or of two side by side with the lines marked in which they differ.
import { themeOf } from "./page.js";
import { takePlace } from "./place.js";
import { asCount, button, element } from "./text.js";

const TOKENS = /("[^"\n]*"|'[^'\n]*')|(#.*)|\b(import|from|class|def|return|for|in|if|else|with|and|or|not|lambda|yield|None|True|False|super|self)\b/g;
const MARKS = { changed: ["≠", "≠"], "only left": ["+", ""], "only right": ["", "+"] };

/** A table with a row for each line; a network's column is copied by its button. */
export class CodeView {
  constructor(parentElement) {
    this.root = element("div", "rd-root rd-code");
    takePlace(parentElement, this.root);
  }

  update({ data }) {
    this.root.dataset.theme = themeOf(this.root);
    this.root.style.setProperty("--rd-scale", data.scale);
    if (data.version === this.version) return;
    this.version = data.version;
    this.sides = data.names.length;
    const columns = data.names.map((_, side) => coloured(data.lines.map((line) => line[side + 1])));
    const numbers = [0, 0];
    const rows = data.lines.map(([mark], i) => this.row(mark, columns.map((column) => column[i]), numbers));
    this.unlike = rows.filter((row) => row.dataset.mark !== "same");
    const body = element("tbody", "", ...rows);
    const widths = data.names.flatMap(() => [element("col", "rd-of-number"), element("col", "")]);
    const table = element("table", "", element("colgroup", "", ...widths), this.heading(data), body);
    table.dataset.sides = this.sides;
    this.box = element("div", "rd-lines", table);
    this.box.tabIndex = 0;
    this.root.replaceChildren(this.toolbar(), this.box);
  }

  toolbar() {
    if (this.sides < 2) return element("div", "");
    const count = this.unlike.length;
    const told = count ? `${asCount(count)} lines differ, marked ≠ or +` : "the same code";
    const bar = element("div", "rd-toolbar", element("span", "", told));
    if (count) bar.append(button("rd-open", "Next difference", () => this.next()));
    return bar;
  }

  heading({ names, lines }) {
    const cells = names.map((name, side) => {
      const text = lines.map((line) => line[side + 1]).filter((line) => line !== null).join("\n") + "\n";
      const cell = element("th", "", name, copier(text));
      cell.colSpan = 2;
      return cell;
    });
    return element("thead", "", element("tr", "", ...cells));
  }

  /** `parts` has the coloured line of each side, null where a side has none. */
  row(mark, parts, numbers) {
    const made = element("tr", "");
    made.dataset.mark = mark;
    for (let side = 0; side < this.sides; side += 1) {
      const text = parts[side];
      if (text) numbers[side] += 1;
      const line = element("td", "rd-text", ...(text ?? []));
      line.dataset.mark = MARKS[mark]?.[side] ?? "";
      if (!text) line.classList.add("rd-nothing");
      const number = element("td", "rd-number", text ? String(numbers[side]) : "");
      made.append(number, line);
    }
    return made;
  }

  /** Scrolls to the next group of lines that differ, and from the last to the first. */
  next() {
    const starts = this.unlike.filter((row) => !this.unlike.includes(row.previousSibling));
    this.at = ((this.at ?? -1) + 1) % starts.length;
    this.box.scrollTo({ top: starts[this.at].offsetTop - 90 });
    starts[this.at].classList.remove("rd-here");
    requestAnimationFrame(() => starts[this.at].classList.add("rd-here"));
  }

  close() {}
}

function copier(text) {
  const made = button("rd-open", "Copy", async () => {
    await copy(text);
    made.textContent = "Copied";
    setTimeout(() => (made.textContent = "Copy"), 1500);
  });
  return made;
}

/** The clipboard is there on this machine and with https; elsewhere the old way. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
  area.select();
  document.execCommand("copy");
  area.remove();
  return undefined;
}

/** The parts of every line: strings, comments and keywords stand out; a docstring goes on over lines. */
function coloured(lines) {
  let isText = false;
  return lines.map((line) => {
    if (line === null) return null;
    const quotes = line.split('"""').length - 1;
    const [wasText, isString] = [isText, isText || quotes > 0];
    isText = quotes % 2 ? !wasText : wasText;
    return isString ? [element("span", "rd-string", line)] : tokens(line);
  });
}

function tokens(line) {
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(TOKENS)) {
    parts.push(line.slice(end, match.index));
    parts.push(element("span", match[1] ? "rd-string" : match[2] ? "rd-comment" : "rd-keyword", match[0]));
    end = match.index + match[0].length;
  }
  return [...parts, line.slice(end)];
}
