// Brings the diagram's script and hands it this component. Sent with every message, so it is short.
export default function (component) {
  const { data, parentElement } = component;
  const lab = (globalThis.resnetLab ??= {});
  const blob = () => URL.createObjectURL(new Blob([data.inline], { type: "text/javascript" }));
  lab.diagram ??= import(data.inline ? blob() : new URL(data.script, document.baseURI).href);
  lab.diagram.then((diagram) => diagram.show(component)).catch((error) => {
    lab.diagram = null;
    const place = parentElement.querySelector(".rd-place");
    if (place) place.textContent = `The diagram cannot be drawn: ${error.message}`;
  });
  return () => lab.diagram?.then((diagram) => diagram.unmount(parentElement));
}
