"use strict";

// Of a row of tabs that is wider than the window, the present one is in sight.
for (const one of document.querySelectorAll(".tabs [aria-current]")) one.parentElement.scrollLeft = one.offsetLeft - (one.parentElement.clientWidth - one.offsetWidth) / 2;

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

// Escape closes what was opened, the menu of small screens or an act, and leaves the focus on what opens it.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest?.("details[open]:is(.fold, .menu-fold)");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// A part of the page that could not be loaded says so, and leads to the page itself; what is loaded later takes it back.
const notLoaded = document.getElementById("not-loaded");

function tell(why, detail) {
  notLoaded.firstElementChild.textContent = notLoaded.dataset[why];
  notLoaded.querySelector("a").href = detail.pathInfo.finalRequestPath || location.href;
  notLoaded.setAttribute("role", "alert");
  notLoaded.hidden = false;
}

document.addEventListener("htmx:responseError", (event) => tell(event.detail.xhr.status === 401 ? "over" : "failed", event.detail));
for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, (event) => tell("lost", event.detail));
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) notLoaded.hidden = true; });
