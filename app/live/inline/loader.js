// Brings the stage's script and hands it this component. Sent with every message, so it is short.
export default function (component) {
  const { data, parentElement } = component;
  const lab = (globalThis.resnetLab ??= {});
  lab.stage ??= data.hasRoutes
    ? import(new URL(data.script, document.baseURI).href)
    : new Promise((resolve) => (lab.deliver = resolve));
  lab.stage.then((stage) => stage.show(component)).catch((error) => {
    lab.stage = null;
    const root = parentElement.querySelector(".rl-root");
    if (root) root.textContent = `The charts cannot be loaded: ${error.message}`;
  });
  return () => lab.stage?.then((stage) => stage.unmount(parentElement));
}
