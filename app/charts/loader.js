// Brings the charts' script and hands it this component. Sent with every message, so it is short.
export default function (component) {
  const { data, parentElement } = component;
  const lab = (globalThis.resnetLab ??= {});
  lab.charts ??= import(new URL(data.script, document.baseURI).href);
  lab.charts.then((charts) => charts.show(component)).catch((error) => {
    lab.charts = null;
    const place = parentElement.querySelector(".rl-chart");
    if (place) place.textContent = `The chart cannot be drawn: ${error.message}`;
  });
  return () => lab.charts?.then((charts) => charts.unmount(parentElement));
}
