// One chart: a title, a caption, and a Plotly figure whose DOM node stays for the panel's whole life.
import { element, say } from "./text.js";

let panels = 0;

export class Panel {
  /** `fill(skeleton, runs, step, memory)` gives {data, layout}; `describe(runs, step)` one sentence. */
  constructor({ name, title, caption, fill, describe }) {
    this.fill = fill;
    this.describe = describe;
    this.memory = {};
    this.zoom = 0;
    this.title = element("h3", "", title);
    this.title.id = `rl-panel-${++panels}`;
    this.reset = element("button", "rl-reset", "Whole view");
    this.reset.type = "button";
    this.reset.hidden = true;
    this.reset.onclick = () => this.showAll();
    this.tools = element("div", "rl-tools", this.reset);
    this.plot = element("div", "rl-plot");
    this.plot.setAttribute("role", "img");
    this.caption = element("p", "rl-caption", caption ?? "");
    this.root = element("section", `rl-panel rl-${name}`);
    this.root.setAttribute("aria-labelledby", this.title.id);
    this.root.append(element("header", "", this.title, this.tools), this.plot, this.caption);
    this.observer = new ResizeObserver(() => this.fit());
  }

  /** Draws what was known at `step`. Zoom stays: the same uirevision says it is the same view. */
  async draw(Plotly, skeleton, runs, step) {
    this.last = [Plotly, skeleton, runs, step];
    const { data, layout } = this.fill(skeleton, runs, step, this.memory);
    layout.uirevision = `view ${this.zoom}`;
    layout.autosize = true;
    await Plotly.react(this.plot, data, layout, { displayModeBar: false, doubleClick: false, responsive: false });
    if (!this.isWatched) this.watch();
    this.plot.setAttribute("aria-label", this.describe(runs, step));
  }

  watch() {
    this.isWatched = true;
    this.observer.observe(this.plot);
    this.plot.on("plotly_doubleclick", () => this.showAll());
    this.plot.on("plotly_relayout", (change) => {
      if (Object.keys(change).some((key) => /axis\d*\.range/.test(key))) this.reset.hidden = false;
    });
  }

  showAll() {
    this.zoom++;
    this.reset.hidden = true;
    if (this.last) this.draw(...this.last);
  }

  fit() {
    if (this.last && this.plot.clientWidth) this.last[0].Plots.resize(this.plot);
  }

  /** Other runs, or another quantity: nothing of the old view is kept. */
  forget() {
    this.memory = {};
    this.zoom++;
    this.reset.hidden = true;
  }

  explain(title, caption) {
    say(this.title, title);
    say(this.caption, caption);
  }

  close() {
    this.observer.disconnect();
    this.last?.[0].purge(this.plot);
  }
}
