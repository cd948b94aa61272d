"use strict";

// Arrows lead from row to row while a link of the table has the focus; elsewhere they scroll as ever.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const table = step && event.target.closest?.("table[data-walk]");
  if (!table) return;
  const links = [...table.querySelectorAll("tbody th a")];
  const next = links[links.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
