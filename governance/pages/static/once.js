// Niceties: a form sent once cannot be sent again by a second click; everything works without this file.
"use strict";

const RELEASED_AFTER = 10000;  // milliseconds: who stopped a slow answer may send again; its number lets it act once
const held = new WeakMap();

function release(form) {
  delete form.dataset.sent;
  (held.get(form) ?? []).forEach((one) => { one.disabled = false; });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
  if (form.dataset.again !== undefined) return; // a download leaves the page as it is
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  held.set(form, form.querySelectorAll("button:not(:disabled)"));
  // The pressed button stays enabled until the form is on its way: its name and value belong to the form.
  setTimeout(() => held.get(form).forEach((one) => { one.disabled = true; }), 0);
  setTimeout(() => release(form), RELEASED_AFTER);
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach(release);
});
