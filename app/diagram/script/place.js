// The room that the page kept for a drawing.
import { element, say } from "./text.js";

/** Puts a drawing and its style sheet there, and gives back what they do not need. */
export function takePlace(parentElement, root) {
  const style = element("style");
  say(style, STYLE);
  const place = parentElement.querySelector(".rd-place");
  if (place) place.style.minHeight = "";
  (place ?? parentElement).replaceChildren(style, root);
}
