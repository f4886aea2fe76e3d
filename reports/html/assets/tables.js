"use strict";
// Sorts tables by a click on a column's title, and shows only the rows that the filter matches.

/** The number that a cell starts with, and NaN where there is none. */
function numberOf(text) {
  const found = /^[✗✓ ]*([-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)/i.exec(text);
  return found === null ? NaN : Number(found[1].replaceAll(",", ""));
}

/** Below 0 where `a` stands before `b`: numbers before texts, both in their order. */
function compare(a, b) {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const cell = (row) => row.cells[column].textContent.trim();
  const rows = [...body.rows].sort((a, b) => {
    const [x, y] = [cell(a), cell(b)];
    // What has no number stays last either way.
    const missing = (x === "–") - (y === "–");
    return missing || (descending ? compare(y, x) : compare(x, y));
  });
  body.append(...rows);
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortBy(table, column, descending);
    });
  });
}

/** Rows of a block that match; all of them where its own heading does. */
function filterBlock(block, words) {
  const matches = (text) => words.every((word) => text.toLowerCase().includes(word));
  const heading = block.querySelector("h1, h2, h3, summary").textContent;
  const whole = matches(heading);
  let shown = 0;
  for (const row of block.querySelectorAll("tbody tr")) {
    const hit = whole || matches(`${heading} ${row.textContent}`);
    row.hidden = !hit;
    shown += hit ? 1 : 0;
  }
  block.hidden = !whole && shown === 0;
  for (const picture of block.querySelectorAll("figure")) picture.hidden = !whole;
  return shown;
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  let rows = 0;
  for (const block of document.querySelectorAll(".block")) {
    rows += filterBlock(block, words);
    if (block.tagName === "DETAILS") block.open = words.length > 0 && !block.hidden;
  }
  for (const heading of document.querySelectorAll("#published h2")) {
    let next = heading.nextElementSibling;
    while (next !== null && next.tagName === "DETAILS" && next.hidden) {
      next = next.nextElementSibling;
    }
    heading.hidden = next === null || next.tagName !== "DETAILS";
  }
  document.querySelector(".found").textContent = words.length === 0 ? "" : `${rows} rows`;
}

/** A link to a published table opens it. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target !== null && target.tagName === "DETAILS") target.open = true;
}

for (const table of document.querySelectorAll("table")) makeSortable(table);
document.querySelector(".filter").hidden = false;
document.querySelector(".filter input").addEventListener("input", (event) => {
  filter(event.target.value);
});
addEventListener("hashchange", openTarget);
openTarget();
