// The training: its options, curves and weights, the same for all who look.
import { $, make, notice, paintUnits, post } from "./shared.js";

const form = $("options"), WORDS = { running: "Training", stopped: "Stopped", finished: "Finished", failed: "Failed" };
let status, chosen;

export function begin({ sets, isa, cpus, threads, most_epochs }) {
  for (let n = 1; n <= cpus; n++) make("option", form.threads, n);
  for (const name of sets) make("option", form.isa, name);
  form.epochs.max = most_epochs;
  choose({ threads: Math.min(threads, cpus), isa, epochs: 5 });
}

function choose(options) {
  if (chosen === JSON.stringify(options)) return; // else what is being chosen now would be overwritten
  chosen = JSON.stringify(options);
  for (const [name, value] of Object.entries(options)) form[name].value = value;
}

const send = (path, body) => post(path, body).then(() => notice(""), error => notice(error.message));
form.addEventListener("submit", event => {
  event.preventDefault();
  send("start", { threads: +form.threads.value, isa: form.isa.value, epochs: +form.epochs.value });
});
$("stop").addEventListener("click", () => send("threads", { threads: status === "stopped" ? +form.threads.value : 0 }));

export function update(news) {
  const { options, error, epoch, epochs, batch, steps, speed, points = [], validation = [], units = [] } = news;
  status = news.status;
  choose(options);
  $("start").disabled = status === "running";
  $("stop").disabled = !["running", "stopped"].includes(status);
  $("stop").textContent = status === "stopped" ? "Go on" : "Stop";
  const done = steps ? (epoch * steps + batch + 1) / (epochs * steps) : 0;
  $("progress").value = done;
  const test = validation.length && `test accuracy ${(100 * validation.at(-1)[2]).toFixed(2)} %`;
  const words = (...parts) => `${WORDS[status]}: ${parts.filter(Boolean).join(", ")}`;
  const where = !steps ? "loading the digits" : status === "running" && done === 1 ? "testing and saving" :
    `epoch ${epoch + 1} of ${epochs}`;
  $("state").textContent = error ? words(error) :
    words(where, steps && `batch ${batch + 1} of ${steps}`, speed && `${speed.toFixed(0)} batches a second`, test);
  const spoken = words(error ?? where, test); // is heard once an epoch, and when it stops, goes on or ends
  if ($("spoken").textContent !== spoken) $("spoken").textContent = spoken;
  curve($("loss"), "Loss", points.map(p => [p[0], p[1]]), validation.map(p => [p[0], p[1]]), LOSS);
  curve($("accuracy"), "Accuracy", points.map(p => [p[0], p[2]]), validation.map(p => [p[0], p[2]]), ACCURACY);
  paintUnits($("units"), units.map((weights, i) => ({ weights, text: `unit ${i}` })));
}

// Both on a logarithmic scale: of the loss, and of the share of errors. Heights from 0 to 1.
const LOSS = { ticks: [3, 1, 0.3, 0.1, 0.03, 0.01], height: v => Math.log(v / 0.01) / Math.log(300), label: v => v };
const ACCURACY = {
  ticks: [0.999, 0.99, 0.9, 0], height: v => Math.log(1 - v) / Math.log(0.001), label: v => `${+(100 * v).toFixed(1)} %`,
};
const SVG = "http://www.w3.org/2000/svg";

function curve(box, name, points, validation, { ticks, height, label }) {
  const top = value => 1 - Math.min(1, Math.max(0, value === null ? 1 : height(value)));
  const place = (kind, text, x, y) => {
    const { style } = make("span", box, text, kind);
    [style.left, style.top] = [`${100 * x}%`, `${100 * top(y)}%`];
  };
  box.replaceChildren();
  const svg = box.appendChild(document.createElementNS(SVG, "svg"));
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  const line = svg.appendChild(document.createElementNS(SVG, "polyline"));
  line.setAttribute("points", points.map(([x, y]) => `${x},${top(y).toFixed(4)}`).join(" "));
  for (const tick of ticks) place("tick", label(tick), 0, tick);
  for (const [x, y] of validation) place("dot", "", x, y);
  box.setAttribute("aria-label", points.length ? `${name} so far: ${points.at(-1)[1]}` : name);
}
