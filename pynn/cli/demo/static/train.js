// The training: its options, curves and weights, the same for all who look.
import { $, make, notice, paintUnits, post } from "./shared.js";

const form = $("options"), MOST = 1000; // points of a curve
let points = [], status = "";

export function begin({ sets, isa, cpus, threads, most_epochs }) {
  for (let n = 1; n <= cpus; n++) make("option", form.threads, n);
  for (const name of sets) make("option", form.isa, name);
  form.epochs.max = most_epochs;
  choose({ threads: Math.min(threads, cpus), isa, epochs: 5 });
}

function choose(options) {
  for (const [name, value] of Object.entries(options)) form[name].value = value;
}

async function send(path, body) {
  try {
    await post(path, body);
    notice("");
  } catch (error) {
    notice(error.message);
  }
}

form.addEventListener("submit", event => {
  event.preventDefault();
  send("start", { threads: +form.threads.value, isa: form.isa.value, epochs: +form.epochs.value });
});
$("stop").addEventListener("click", () => send("threads", { threads: status === "stopped" ? +form.threads.value : 0 }));

export function update(news) {
  if (!news.from) {
    points = [];
    choose(news.options);
  }
  points.push(...news.points);
  status = news.status;
  const { first = 0, epoch = 0, epochs, steps, seconds, validation } = news, isDone = !["running", "stopped"].includes(status);
  $("start").disabled = status === "running";
  $("stop").disabled = isDone;
  $("stop").textContent = status === "stopped" ? "Go on" : "Stop";
  const total = (epochs - first) * steps || 1, batch = points.length - (epoch - first) * steps;
  $("progress").max = total;
  $("progress").value = points.length;
  const heading = { running: "Training", stopped: "Stopped", finished: "Finished", failed: "Failed" }[status];
  const [, tested] = validation.at(-1) ?? [];
  const test = tested ? `test accuracy ${(100 * tested).toFixed(2)} %` : "";
  const where = steps ? `epoch ${epoch + 1} of ${epochs}` : "loading the digits";
  const speed = seconds ? `${(points.length / seconds).toFixed(0)} batches a second` : "";
  const about = status === "failed" ? news.error : points.length === total && status === "running" ?
    "testing and saving" : [where, steps && `batch ${batch} of ${steps}`, speed, test].filter(Boolean).join(", ");
  $("state").textContent = `${heading}: ${about}`;
  // heard once an epoch, and when it stops, goes on or ends
  const told = `${heading}: ${status === "failed" ? news.error : [where, test].filter(Boolean).join(", ")}`;
  if ($("told").textContent !== told) $("told").textContent = told;
  curve($("loss"), "Loss", 0, LOSS, total, steps, validation);
  curve($("accuracy"), "Accuracy", 1, ACCURACY, total, steps, validation);
  if (news.units) paintUnits($("units"), news.units.map((weights, i) => ({ weights, text: `unit ${i}` })));
}

// Both on a logarithmic scale: of the loss, and of the share of errors. Heights from 0 to 1.
const LOSS = { ticks: [3, 1, 0.3, 0.1, 0.03, 0.01], height: v => Math.log(v / 0.01) / Math.log(300), label: v => `${v}` };
const ACCURACY = {
  ticks: [0.999, 0.99, 0.9, 0], height: v => Math.log(1 - v) / Math.log(0.001), label: v => `${+(100 * v).toFixed(1)} %`,
};
const SVG = "http://www.w3.org/2000/svg";

function curve(box, name, which, { ticks, height, label }, total, steps, validation) {
  const top = value => value === null ? 0 : 1 - Math.min(1, Math.max(0, height(value)));
  if (!box.firstChild) {
    const svg = box.appendChild(document.createElementNS(SVG, "svg"));
    svg.setAttribute("viewBox", "0 0 1 1");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.appendChild(document.createElementNS(SVG, "polyline"));
    for (const tick of ticks) make("span", box, label(tick), "tick").style.top = `${100 * top(tick)}%`;
  }
  const every = Math.ceil(points.length / MOST);
  const shown = points.map((point, i) => [(i + 1) / total, top(point[which])]).filter((_, i) => i % every === 0);
  box.firstChild.firstChild.setAttribute("points", shown.map(([x, y]) => `${x.toFixed(4)},${y.toFixed(4)}`).join(" "));
  for (const dot of box.querySelectorAll(".dot")) dot.remove();
  validation.forEach((values, i) => {
    const dot = make("span", box, "", "dot");
    [dot.style.left, dot.style.top] = [(i + 1) * steps / total, top(values[which])].map(x => `${100 * x}%`);
    dot.title = `test set, after epoch ${i + 1}: ${values[which]}`;
  });
  const value = points.at(-1)?.[which];
  box.setAttribute("aria-label", value == null ? name : `${name}: ${value.toFixed(3)} now`);
}
