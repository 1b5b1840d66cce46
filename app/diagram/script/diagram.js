// The diagram of one network, or of two under each other: drawn once, then only chosen from.
import { CodeView } from "./code.js";
import { choose, draw } from "./draw.js";
import { layOut } from "./flow.js";
import { onKey } from "./keys.js";
import { legend } from "./legend.js";
import { themeOf, wantsMotion } from "./page.js";
import { Panel } from "./panel.js";
import { takePlace } from "./place.js";
import { asCount, button, element } from "./text.js";

const TALLEST = { one: 0.43, two: 0.25 }; // of a network, in widths of the page, at scale 1
const diagrams = new WeakMap();

/** Called by Streamlit whenever data or theme change; the diagram, or the code, stays the same. */
export function show(component) {
  const { parentElement, data } = component;
  const diagram = diagrams.get(parentElement) ?? new (data.lines ? CodeView : Diagram)(parentElement);
  diagrams.set(parentElement, diagram);
  diagram.update(component);
}

export function unmount(parentElement) {
  diagrams.get(parentElement)?.close();
  diagrams.delete(parentElement);
}

class Diagram {
  constructor(parentElement) {
    this.root = element("div", "rd-root");
    this.places = element("div", "rd-networks");
    this.legend = element("div", "rd-legend");
    this.panel = new Panel({ onStep: (by) => this.step(by), onClose: () => this.choose("") });
    this.root.append(this.places, this.legend, this.panel.root);
    takePlace(parentElement, this.root);
    this.root.onkeydown = (event) => onKey(event, this);
    this.root.onclick = (event) => this.press(event.target);
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(this.root);
  }

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const theme = themeOf(this.root);
    const isNew = data.version !== this.data?.version;
    this.data = data;
    if (isNew) this.begin();
    if (isNew || theme !== this.theme || data.scale !== this.scale) this.dress(theme);
    const isEcho = this.told.delete(data.chosen);
    if (data.chosen !== this.given && !isEcho) this.mark(data.chosen); // the page itself chose
    this.given = data.chosen;
  }

  /** Other networks: everything is folded again. */
  begin() {
    this.networks = this.data.networks.map(prepare);
    this.opened = this.networks.map(() => new Set());
    this.chosen = this.given = this.data.chosen;
    this.told = new Set();
  }

  /** Light or dark, for the desk or for the wall. */
  dress(theme) {
    Object.assign(this, { theme, scale: this.data.scale });
    this.root.dataset.theme = theme;
    this.root.style.setProperty("--rd-scale", this.scale);
    for (const network of this.networks) network.hue = network.colors[theme];
    this.draw();
  }

  /** The page has another width. */
  fit() {
    if (this.networks && Math.abs(this.root.clientWidth - this.width) > 2) this.draw();
  }

  draw() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const focused = this.places.getRootNode().activeElement?.dataset?.blocks;
    const lone = this.networks.length === 1;
    this.shown = this.layouts(this.width * (lone ? TALLEST.one : TALLEST.two) * this.scale);
    this.drawn = this.networks.map((network, i) => draw(this.shown[i], network));
    this.places.replaceChildren(...this.networks.map((network, i) => this.place(network, i)));
    this.legend.replaceChildren(...legend(this.networks));
    for (const drawn of this.drawn) drawn.querySelector(".rd-box").setAttribute("tabindex", 0);
    this.mark(this.chosen ?? "");
    if (focused) this.focus(focused.split(" ")[0]);
  }

  /** Two networks have one scale, and stages of the same name have the same width. */
  layouts(height) {
    const rooms = this.networks.map((network, i) => ({ width: this.width, height, opened: this.opened[i] }));
    const lay = (more) => this.networks.map((network, i) => layOut(network, { ...rooms[i], ...more[i] }));
    const found = lay(rooms);
    if (found.length === 1) return found;
    const scale = Math.min(...found.map((one) => one.scale));
    const widths = {};
    for (const one of lay(rooms.map(() => ({ scale })))) {
      for (const stage of one.rows.flatMap((row) => row.stages)) widths[stage.name] = Math.max(widths[stage.name] ?? 0, stage.width);
    }
    return lay(rooms.map(() => ({ scale, widths })));
  }

  place(network, i) {
    const made = element("section", "rd-network");
    made.style.setProperty("--arm", network.hue);
    made.setAttribute("aria-label", network.name);
    const facts = element("p", "rd-about");
    for (const { text, differs } of network.facts) facts.append(element("span", differs ? "rd-other" : "", text));
    const heading = element("header", "", element("i", "rd-swatch"), element("h3", "", network.name), facts);
    if (network.isFoldable) heading.append(this.folder(network, i));
    made.append(heading, this.drawn[i]);
    return made;
  }

  folder(network, i) {
    const isOpen = this.opened[i].size > 0;
    const made = button("rd-open", isOpen ? "Fold repeats" : "Open all", () => {
      this.opened[i] = new Set(isOpen ? [] : network.stages.map((stage) => stage.name));
      this.draw();
    });
    made.setAttribute("aria-expanded", isOpen);
    return made;
  }

  /** A press on a count opens, on "fold" folds, on a box chooses it. */
  press(target) {
    const network = target.closest?.(".rd-network");
    if (!network) return;
    const i = [...this.places.children].indexOf(network);
    const box = target.closest(".rd-box");
    const pill = target.closest(".rd-pill");
    if (pill) this.fold(i, pill.dataset.stage, pill.classList.contains("rd-count"));
    else if (box) this.choose(firstOf(box), true);
  }

  fold(i, stage, isOpen) {
    if (isOpen) this.opened[i].add(stage);
    else this.opened[i].delete(stage);
    this.draw();
    const first = this.networks[i].stages.find((one) => one.name === stage).boxes[0].blocks[0];
    this.focus(first, i);
  }

  focus(block, i = 0) {
    const within = this.places.children[i] ?? this.places;
    const box = [...within.querySelectorAll(".rd-box")].find((one) => one.dataset.blocks.split(" ").includes(block));
    if (box) this.rove(box);
  }

  /** One stop of the tab key for each network: where the reader last was. */
  rove(box) {
    for (const other of box.closest("svg").querySelectorAll('.rd-box[tabindex="0"]')) other.setAttribute("tabindex", -1);
    box.setAttribute("tabindex", 0);
    box.focus();
  }

  /** Chooses a block and tells the page; pressing the chosen one again lets it go. */
  choose(block, isSwitch = false) {
    const next = isSwitch && block === this.chosen ? "" : block;
    this.mark(next);
    this.told.add(next);
    this.setStateValue("block", next);
    this.panel.root.scrollIntoView({ block: "nearest", behavior: wantsMotion() ? "smooth" : "instant" });
  }

  mark(block) {
    this.chosen = block;
    this.drawn.forEach((drawn, i) => choose(drawn, this.shown[i], block));
    this.panel.show(block, this.networks);
  }

  /** To the block before or behind, opened or not. */
  step(by) {
    const network = this.networks.find((one) => one.formOf.has(this.chosen));
    const blocks = [...network.formOf.keys()];
    this.choose(blocks[Math.min(Math.max(blocks.indexOf(this.chosen) + by, 0), blocks.length - 1)]);
  }

  close() {
    this.observer.disconnect();
  }
}

const firstOf = (box) => box.dataset.blocks.split(" ")[0];

/** Where each block is, and whether there is anything to open. */
function prepare(network) {
  const [formOf, boxOf] = [new Map(), new Map()];
  for (const stage of network.stages) {
    for (const box of stage.boxes) {
      box.blocks.forEach((block, i) => {
        formOf.set(block, box.forms[i]);
        boxOf.set(block, box);
      });
    }
  }
  const isFoldable = network.stages.some((stage) => stage.boxes.some((box) => box.blocks.length > 1));
  return { ...network, formOf, boxOf, isFoldable, classes: asCount(network.classes) };
}
