// Which part is shown, and the events of the training.
import * as draw from "./draw.js";
import { $, notice } from "./shared.js";
import * as train from "./train.js";

function show() {
  const name = location.hash === "#train" ? "train" : "draw";
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== name;
  for (const link of document.querySelectorAll("nav a")) link.ariaCurrent = link.hash === `#${name}` ? "page" : null;
}

// No stream while the page is hidden: a browser allows few at a time, however many pages there are.
let stream;
function listen() {
  stream?.close();
  if (document.hidden) return;
  stream = new EventSource("events");
  stream.onopen = () => notice("");
  stream.onerror = () => notice("The server does not answer. Is pynn demo still running?");
  stream.onmessage = ({ data }) => {
    const news = JSON.parse(data);
    $("source").textContent = news.source ? `Weights: ${news.source}` : "No weights yet: see Train";
    if (!news.source && !location.hash) location.hash = "#train";
    draw.retrained(news.source);
    if (news.status) train.update(news);
  };
}

const about = await (await fetch("about")).json();
draw.begin(about.canvas);
train.begin(about);
addEventListener("hashchange", show);
document.addEventListener("visibilitychange", listen);
show();
listen();
