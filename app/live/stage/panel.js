// One chart: a title, a caption, and a Plotly figure whose DOM node stays for the panel's whole life.
import { button, element, say } from "./text.js";

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
    this.reset = button("rl-reset", "Whole view", () => this.showAll());
    this.reset.hidden = true;
    this.tools = element("div", "rl-tools", this.reset);
    this.plot = element("div", "rl-plot");
    this.plot.setAttribute("role", "img");
    this.caption = element("p", "rl-caption", caption ?? "");
    this.root = element("section", `rl-panel rl-${name}`);
    this.root.setAttribute("aria-labelledby", this.title.id);
    this.root.append(element("header", "", this.title, this.tools), this.plot, this.caption);
    this.observer = new ResizeObserver(() => this.fit());
    this.sight = new IntersectionObserver(([entry]) => this.onSight(entry.isIntersecting), { rootMargin: "200px" });
    this.sight.observe(this.plot);
  }

  /** What is out of sight is not drawn, and drawn when it comes into sight. */
  onSight(isInSight) {
    this.isInSight = isInSight;
    if (isInSight && this.isStale) this.draw(...this.last);
  }

  /** Draws what was known at `step`. Zoom stays: the same uirevision says it is the same view. */
  async draw(Plotly, skeleton, runs, step) {
    this.last = [Plotly, skeleton, runs, step];
    this.isStale = !this.isInSight;
    if (this.isStale) return;
    const { data, layout } = this.fill(skeleton, runs, step, this.memory);
    layout.uirevision = `view ${this.zoom}`;
    layout.autosize = true;
    const started = performance.now();
    await Plotly.react(this.plot, data, layout, { displayModeBar: false, doubleClick: false, responsive: false });
    this.cost = performance.now() - started;
    if (!this.isWatched) this.watch();
    this.plot.setAttribute("aria-label", this.describe(runs, step));
  }

  watch() {
    this.isWatched = true;
    this.observer.observe(this.plot);
    this.plot.on("plotly_doubleclick", () => this.showAll());
    this.plot.on("plotly_relayout", (change) => {
      if (!Object.keys(change).some((key) => /axis\d*\.range/.test(key))) return;
      this.reset.hidden = false;
      this.memory.view = [...this.plot._fullLayout.yaxis.range];
      this.draw(...this.last);
    });
  }

  showAll() {
    this.zoom++;
    this.memory.view = null;
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
    this.sight.disconnect();
    this.last?.[0].purge(this.plot);
  }
}
