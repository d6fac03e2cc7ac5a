"use strict";

// Headers become buttons that sort: ascending, descending, and back to the order of the page. Without this script the
// page lacks nothing else.
const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

for (const table of document.querySelectorAll("table.sortable")) {
  const headers = [...table.tHead.rows[0].cells];
  const original = [...table.tBodies].map((body) => [body, [...body.rows]]);
  const grouped = table.classList.contains("grouped");
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const order = NEXT[header.getAttribute("aria-sort") ?? "none"];
      headers.forEach((other) => other.removeAttribute("aria-sort"));
      if (order !== "none") header.setAttribute("aria-sort", order);
      table.classList.toggle("grouped", grouped && order === "none");
      const compare = comparison(column, order, header.classList.contains("number"));
      if (order === "none") original.forEach(([body, rows]) => body.append(...rows));
      else table.tBodies[0].append(...[...table.querySelectorAll("tbody tr")].sort(compare));
    });
  });
}

// Of two rows; those without a value come last in either order.
function comparison(column, order, numeric) {
  const sign = order === "descending" ? -1 : 1;
  return (one, other) => {
    const p = one.cells[column]?.dataset.value; // the name of a group is its row's only cell
    const q = other.cells[column]?.dataset.value;
    if (p === undefined || q === undefined) return (p === undefined) - (q === undefined);
    return sign * (numeric ? p - q : p.localeCompare(q, "en", { numeric: true }));
  };
}

// One button for all the code of the page.
const rungs = [...document.querySelectorAll("details.rung")];
for (const place of document.querySelectorAll(".all-rungs")) {
  const button = document.createElement("button");
  button.type = "button";
  const label = () => (button.textContent = rungs.every((rung) => rung.open) ? "Close all code" : "Open all code");
  button.addEventListener("click", () => {
    const open = !rungs.every((rung) => rung.open);
    rungs.forEach((rung) => (rung.open = open));
  });
  rungs.forEach((rung) => rung.addEventListener("toggle", label));
  label();
  place.append(button);
}

// A link to a rung opens it.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
window.addEventListener("hashchange", openTarget);
openTarget();
