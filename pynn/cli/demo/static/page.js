// Which part is shown, and the events of the training.
import * as draw from "./draw.js";
import { $, notice } from "./shared.js";
import * as train from "./train.js";

function show() {
  const name = location.hash === "#train" ? "train" : "draw";
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== name;
  for (const link of document.querySelectorAll("nav a")) link.ariaCurrent = link.hash === `#${name}` ? "page" : null;
}

const LOST = "The server does not answer. Is pynn demo still running?";

// No stream while the page is hidden: a browser allows few at a time, however many pages there are.
let stream;
function listen() {
  stream?.close();
  if (document.hidden) return;
  stream = new EventSource("events");
  stream.onopen = () => notice("");
  stream.onerror = () => notice(LOST);
  stream.onmessage = ({ data }) => {
    const news = JSON.parse(data);
    $("source").textContent = news.source ? `Weights: ${news.source}` : "No weights yet: see Train";
    if (!news.source && !location.hash) location.hash = "#train";
    draw.retrained(news.networks);
    if (news.status) train.update(news);
  };
}

show();
addEventListener("hashchange", show);
const settings = await fetch("settings").then(answer => answer.json()).catch(() => notice(`${LOST} Then load this again.`));
if (settings) {
  draw.begin(settings.canvas);
  train.begin(settings);
  document.addEventListener("visibilitychange", listen);
  listen();
}
