// Niceties: a form sent once cannot be sent again by a second click; everything works without this file.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
  if (form.dataset.again !== undefined) return; // a download leaves the page as it is
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  // The pressed button stays enabled until the form is on its way: its name and value belong to the form.
  setTimeout(() => form.querySelectorAll("button").forEach((one) => { one.disabled = true; }), 0);
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach((one) => { one.disabled = false; });
  });
});
