// One Plotly figure in a node that stays: a changed figure is drawn into it, and the reader's zoom is kept.
import { loadPlotly } from "./page.js";

const charts = new WeakMap();

export async function show({ data, parentElement, setStateValue }) {
  const Plotly = await loadPlotly(data);
  const chart = charts.get(parentElement) ?? new Chart(Plotly, parentElement.querySelector(".rl-chart"));
  charts.set(parentElement, chart);
  chart.choose = (point) => setStateValue("point", point);
  await chart.draw(data);
}

export function unmount(parentElement) {
  charts.get(parentElement)?.close();
  charts.delete(parentElement);
}

class Chart {
  constructor(Plotly, place) {
    this.Plotly = Plotly;
    this.place = place;
    this.place.setAttribute("role", "img");
    this.observer = new ResizeObserver(() => this.fit());
  }

  async draw(data) {
    if (this.version === data.version) return;
    this.version = data.version;
    const { figure, alt, isStill } = data;
    this.place.style.height = `${figure.layout.height}px`;
    this.place.setAttribute("aria-label", alt);
    const config = { displayModeBar: false, staticPlot: isStill, responsive: false };
    await this.Plotly.react(this.place, figure.data, { ...figure.layout, autosize: true }, config);
    if (this.isWatched) return;
    this.isWatched = true;
    this.observer.observe(this.place);
    this.place.on("plotly_click", ({ points }) => this.choose(points[0]?.customdata ?? null));
  }

  fit() {
    if (this.place.clientWidth) this.Plotly.Plots.resize(this.place);
  }

  close() {
    this.observer.disconnect();
    this.Plotly.purge(this.place);
  }
}
