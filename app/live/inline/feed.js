// Where the server has no routes: asks Python for deltas and hands the answers to the stage.
export default function ({ data, setStateValue }) {
  const lab = (globalThis.resnetLab ??= {});
  const feed = ((lab.feeds ??= {})[data.stage] ??= { asked: 0, waiting: [] });
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  for (const one of feed.waiting.filter((one) => one.number <= data.number)) {
    const answer = data.answers[one.request.id];
    if (answer?.delta) one.resolve(bytes(answer.delta));
    else one.reject(Object.assign(new Error(answer?.gone), { isFinal: Boolean(answer?.gone) }));
  }
  feed.waiting = feed.waiting.filter((one) => one.number > data.number);
  feed.send = () => {
    feed.sending = null;
    const asking = feed.waiting.filter((one) => one.number === feed.asked);
    setStateValue("wants", { number: feed.asked, requests: asking.map((one) => one.request) });
  };
  lab.ask = (stage, request) => new Promise((resolve, reject) => {
    const to = lab.feeds[stage];
    if (!to.sending) {
      to.asked = Math.max(to.asked, Date.now());
      to.sending = setTimeout(() => to.send(), 0);
    }
    to.waiting.push({ request, resolve, reject, number: to.asked });
    setTimeout(() => reject(new Error("no answer in time")), 10000);
  });
}
