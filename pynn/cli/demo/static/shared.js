// Elements, requests and pictures.

export const $ = id => document.getElementById(id);

export function make(tag, parent, text = "", kind = "") {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = text;
  element.className = kind;
  return element;
}

export function notice(text) {
  $("notice").hidden = !text;
  if ($("notice").textContent !== text) $("notice").textContent = text;
}

// The JSON of the answer; null where there is none. A refusal is an Error.
export async function post(path, body, signal) {
  const type = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
  const content = body instanceof Uint8Array ? body : JSON.stringify(body);
  const answer = await fetch(path, { method: "POST", body: content, headers: { "Content-Type": type }, signal });
  if (answer.status === 204) return null;
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

// A square picture of bytes in base64: ink, or weights around 128.
export function paint(canvas, text, areWeights) {
  const values = bytes(text);
  canvas.width = canvas.height = Math.sqrt(values.length);
  const picture = new ImageData(canvas.width, canvas.height);
  values.forEach((value, i) => {
    const signed = (value - 128) / 127;
    const color = areWeights ? (signed > 0 ? [240, 130, 20] : [50, 130, 246]) : [255, 255, 255];
    picture.data.set([...color, areWeights ? 255 * Math.min(1, Math.abs(signed)) : value], 4 * i);
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// One picture with words below for each of `units`, { weights, text }, in the elements that are there already.
export function paintUnits(box, units) {
  while (box.children.length > units.length) box.lastChild.remove();
  while (box.children.length < units.length) {
    const figure = make("figure", box);
    make("canvas", figure).setAttribute("role", "img");
    make("figcaption", figure);
  }
  units.forEach(({ weights, text }, i) => {
    const [canvas, caption] = box.children[i].children;
    paint(canvas, weights, true);
    canvas.setAttribute("aria-label", `Weights of ${text}`);
    caption.textContent = text;
  });
}
