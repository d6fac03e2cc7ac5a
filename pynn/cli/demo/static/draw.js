// The board, and what the network says of it.
import { $, make, notice, paint, paintUnits, post } from "./shared.js";

const PEN = 0.075, STEP = 1 / 28; // of the board's side
const PAUSE = 400; // ms without drawing until the rungs are measured
const board = $("drawing"), ink = board.getContext("2d", { willReadFrequently: true });
let side, last = null; // where the pointer has drawn to
let isEmpty = true, isAsking = false, isStale = false, network = 0, timer, measuring;

export function begin(canvas) {
  board.width = board.height = side = canvas;
  Object.assign(ink, { lineWidth: PEN * side, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
  clear();
}

// Networks are counted: of two trainings the names may be the same.
export function retrained(count) {
  if (count === network) return;
  network = count;
  changed();
}

function line(from, to) {
  ink.beginPath();
  ink.moveTo(...from);
  ink.lineTo(...to);
  ink.stroke();
  isEmpty = false;
  changed();
}

function clear() {
  ink.clearRect(0, 0, side, side);
  isEmpty = true;
  changed();
}

function changed() {
  measuring?.abort();
  clearTimeout(timer);
  ask();
  if (network && !isEmpty) timer = setTimeout(settled, PAUSE);
}

function drawing() {
  const { data } = ink.getImageData(0, 0, side, side), bytes = new Uint8Array(side * side);
  for (let i = 0; i < bytes.length; i++) bytes[i] = data[4 * i + 3];
  return bytes;
}

// One question at a time; what was drawn meanwhile is the next.
async function ask() {
  isStale = true;
  if (isAsking) return;
  $("probabilities").ariaBusy = isAsking = true;
  try {
    while (isStale) {
      isStale = false;
      show(isEmpty || !network ? null : await post("predict", drawing()));
    }
    notice("");
  } catch (error) {
    notice(error.message);
  } finally {
    $("probabilities").ariaBusy = isAsking = false;
  }
}

function show(answer) {
  const p = answer?.probabilities ?? Array(10).fill(0), best = answer ? p.indexOf(Math.max(...p)) : -1;
  const list = $("probabilities");
  if (list.children.length !== p.length) {
    list.replaceChildren();
    p.forEach((_, digit) => {
      const row = make("li", list);
      make("span", row, digit);
      make("i", make("div", row));
      make("span", row);
    });
  }
  p.forEach((value, digit) => {
    const row = list.children[digit];
    row.classList.toggle("best", digit === best);
    row.children[1].firstChild.style.transform = `scaleX(${value})`;
    row.children[2].textContent = answer ? percent(value) : "";
  });
  $("best").textContent = answer ? best : "…";
  $("heard").dataset.text = answer ? `${best}, ${percent(p[best])}` : "";
  if (answer) paint($("seen"), answer.seen, false);
  else $("seen").width = $("seen").height = 28;
  paintUnits($("strongest"), (answer?.units ?? []).map(unit => (
    { weights: unit.weights, text: `unit ${unit.unit}\n${unit.value.toFixed(2)}` })));
  if (!answer) $("heard").textContent = "";
}

const percent = p => `${(100 * p).toFixed(1)} %`;

async function settled() {
  if (last || isAsking) return void (timer = setTimeout(settled, PAUSE));
  $("heard").textContent = `This looks like ${$("heard").dataset.text}`;
  const mine = measuring = new AbortController();
  $("rungs").ariaBusy = true;
  try {
    const rungs = await post("rungs", drawing(), mine.signal);
    if (rungs) compare(rungs);
  } catch (error) {
    if (error.name !== "AbortError") notice(error.message);
  }
  if (mine === measuring) $("rungs").ariaBusy = false; // else a newer one is under way
}

function compare(rungs) {
  const timed = rungs.filter(rung => rung.seconds), [lowest] = timed;
  const decades = rung => Math.log10(lowest.seconds / rung.seconds), most = Math.max(...timed.map(decades));
  $("rungs").replaceChildren();
  for (const rung of rungs) {
    const row = make("tr", $("rungs")), name = make("th", row, rung.name);
    name.scope = "row";
    make("small", name, rung.idea);
    make("td", row, rung.seconds ? time(rung.seconds) : "too slow");
    const gain = make("td", row);
    if (!rung.seconds) continue;
    make("span", gain, `${(+(lowest.seconds / rung.seconds).toPrecision(2)).toLocaleString("en")}×`);
    make("i", make("div", gain)).style.transform = `scaleX(${Math.max(0.01, decades(rung) / most)})`;
  }
  const differ = timed.filter(rung => rung.digit !== lowest.digit).map(rung => rung.name);
  const distance = Math.max(...timed.map(rung => rung.distance)).toExponential(0).replace("-", "−");
  $("measured").textContent = (differ.length ? `Another digit: ${differ.join(", ")}.` :
    `Every rung says ${lowest.digit}; their probabilities differ by ${distance} at most.`) +
    " Median times of the whole pass for one picture; the bars’ scale is logarithmic.";
  $("rungs").parentElement.hidden = false;
}

function time(seconds) {
  const [value, unit] = seconds < 1e-3 ? [seconds * 1e6, "µs"] : [seconds * 1e3, "ms"];
  return `${value.toPrecision(3) * 1} ${unit}`;
}

// Pointers: from one place to the next, also where a move has several.
const place = event => {
  const box = board.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width * side, (event.clientY - box.top) / box.height * side];
};
board.addEventListener("pointerdown", event => {
  if (event.button || !event.isPrimary) return;
  $("pen").hidden = true;
  last = place(event);
  line(last, last);
});
addEventListener("pointermove", event => {
  if (!last || !event.isPrimary) return;
  const passed = event.getCoalescedEvents?.() ?? []; // browsers have it only where the address is https or loopback
  for (const to of (passed.length ? passed : [event]).map(place)) {
    line(last, to);
    last = to;
  }
});
for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, () => { last = null; });

// Keys: several arrows at a time move along a diagonal.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const held = new Set();
let at = [0.5, 0.2], isDown = false;
board.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const before = at.map(x => x * side);
  if (ARROWS[event.key]) {
    held.add(event.key);
    for (const key of held) at = at.map((x, i) => Math.min(0.96, Math.max(0.04, x + STEP * ARROWS[key][i])));
  } else if (event.key === " ") {
    if (!event.repeat) isDown = !isDown;
    $("heard").textContent = `Pen ${isDown ? "down" : "up"}`;
  } else if (event.key === "Delete" || event.key === "Backspace") {
    clear();
    isDown = false;
  } else return;
  event.preventDefault();
  if (isDown) line(before, at.map(x => x * side));
  const pen = $("pen");
  pen.hidden = false;
  pen.classList.toggle("down", isDown);
  [pen.style.left, pen.style.top] = at.map(x => `${100 * x}%`);
});
board.addEventListener("keyup", event => held.delete(event.key));
board.addEventListener("blur", () => { held.clear(); $("pen").hidden = true; });
$("clear").addEventListener("click", clear);
