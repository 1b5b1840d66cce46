// One Plotly figure in a node that stays: a changed figure is drawn into it, and the reader's zoom is kept.
import { loadPlotly, themeOf } from "./page.js";

const THEME_MS = 1000; // between two looks at the page's theme: nobody says that it has changed
const charts = new WeakMap();

export async function show({ data, parentElement, setStateValue }) {
  const Plotly = await loadPlotly(data);
  const chart = charts.get(parentElement) ?? new Chart(Plotly, parentElement.querySelector(".rl-chart"));
  charts.set(parentElement, chart);
  chart.askFor = (theme) => setStateValue("theme", theme);
  try {
    await chart.draw(data);
  } catch (error) {
    unmount(parentElement); // the next figure begins anew
    throw error;
  }
}

export function unmount(parentElement) {
  charts.get(parentElement)?.close();
  charts.delete(parentElement);
}

class Chart {
  constructor(Plotly, place) {
    this.Plotly = Plotly;
    this.place = place;
    this.place.replaceChildren(); // of what could not be drawn
    this.place.setAttribute("role", "img");
    this.zoom = {}; // axis -> range that the reader chose
    this.renderings = 0;
    this.observer = new ResizeObserver(() => this.fit());
    this.timer = setInterval(() => this.followTheme(), THEME_MS);
  }

  async draw(data) {
    if (this.data?.version === data.version) return;
    if (this.data?.figure.layout.uirevision !== data.figure.layout.uirevision) this.zoom = {};
    this.data = data;
    this.place.style.height = `${data.height}px`;
    this.place.setAttribute("aria-label", data.alt);
    await this.render();
    if (this.isWatched) return;
    this.isWatched = true;
    this.observer.observe(this.place);
    this.place.on("plotly_relayout", (changed) => this.keepZoom(changed));
    this.place.on("plotly_doubleclick", () => this.unzoom());
  }

  // Plotly keeps a zoom only while the figure's own range stays as it is, and goes back to that of the first figure.
  async render() {
    const { figure, height, isStill } = this.data;
    const layout = { ...figure.layout, height, autosize: true, uirevision: ++this.renderings };
    for (const [axis, range] of Object.entries(this.zoom)) layout[axis] = { ...layout[axis], range, autorange: false };
    const config = { displayModeBar: false, staticPlot: isStill, responsive: false, doubleClick: false };
    await this.Plotly.react(this.place, figure.data, layout, config);
  }

  keepZoom(changed) {
    for (const name of Object.keys(changed)) {
      const [axis, what] = name.split(".");
      if (what?.startsWith("range")) this.zoom[axis] = [...this.place._fullLayout[axis].range];
    }
  }

  unzoom() {
    this.zoom = {};
    this.render();
  }

  /** Asks once for the colours of another theme. */
  followTheme() {
    const theme = themeOf(this.place);
    if (!this.data || theme === this.theme) return;
    if (theme !== this.data.theme) this.askFor(theme);
    this.theme = theme;
  }

  fit() {
    if (this.place.clientWidth) this.Plotly.Plots.resize(this.place);
  }

  close() {
    clearInterval(this.timer);
    this.observer.disconnect();
    this.Plotly.purge(this.place);
  }
}
