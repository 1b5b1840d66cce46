// Where the server has no routes: the scripts as data, made into addresses that can be imported.
export default function ({ data }) {
  const lab = (globalThis.resnetLab ??= {});
  if (lab.plotlyUrl) return;
  const address = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  lab.plotlyUrl = address(data.plotly);
  const stage = import(address(data.stage));
  if (lab.deliver) lab.deliver(stage);
  else lab.stage = stage;
}
