// What the stage asks of the page around it: a style sheet, Plotly.js, and whether it is light or dark.
import { element, say } from "./text.js";

export const wantsMotion = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

export function dressPage(css) {
  const style = document.getElementById("rl-style") ?? document.head.appendChild(element("style"));
  style.id = "rl-style";
  say(style, css);
}

/** Our own Plotly.js, whatever else the page has under that name. */
export function loadPlotly(data) {
  const lab = globalThis.resnetLab;
  lab.plotly ??= new Promise((resolve, reject) => {
    const others = globalThis.Plotly;
    const script = document.createElement("script");
    script.src = lab.plotlyUrl ?? new URL(data.plotly, document.baseURI).href;
    script.onload = () => {
      resolve(globalThis.Plotly);
      if (others) globalThis.Plotly = others;
    };
    script.onerror = () => {
      lab.plotly = null;
      reject(new Error("Plotly.js did not arrive"));
    };
    document.head.append(script);
  });
  return lab.plotly;
}

/** The little legend of a chart: [class, words] each. */
export function keys(...entries) {
  const row = element("span", "rl-keys");
  for (const [name, words] of entries) row.append(element("span", `rl-key rl-key-${name}`, element("i"), words));
  return row;
}

/** light or dark, by the background that Streamlit's theme has now. */
export function themeOf(parentElement) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = getComputedStyle(parentElement).getPropertyValue("--st-background-color").trim() || "#ffffff";
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(pen.fillStyle.slice(at, at + 2), 16));
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128 ? "dark" : "light";
}
