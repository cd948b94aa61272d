// Niceties: each condition offers the comparisons that fit its field, and asks for no more than that field takes.
"use strict";

const fitting = document.querySelector("[data-fitting]");

function fit(row) {
  const chosen = row.querySelector("select[name=field]").selectedOptions[0];
  const kind = chosen.dataset.kind;
  const ops = row.querySelector("select[name=op]");
  const known = kind ? fitting.dataset[kind].split(" ") : [];
  for (const one of ops.options) {
    one.hidden = one.disabled = known.length > 0 && !known.includes(one.value);
  }
  if (known.length && !known.includes(ops.value)) ops.value = known[0];
  const takes = (chosen.dataset.takes || "").split(" ");
  for (const part of row.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const needed = name === "value" ? !["known", "unknown"].includes(ops.value) : takes.includes(name);
    part.hidden = !needed && !part.querySelector("input").value;
  }
}

if (fitting) {
  for (const row of document.querySelectorAll("[data-condition]")) {
    fit(row);
    row.addEventListener("change", () => fit(row));
  }
}
