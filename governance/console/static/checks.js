// Runs the checks of a page on what it shows, and says what came of each. Needs proofs.js; the page's own script names
// the checks and hands over how they are made: `checkHere(names, async (proof, lines, results) => ...)`.
"use strict";

async function check(section, names, make) {
  const proof = JSON.parse(section.dataset.proof), verdict = section.querySelector(".verdict");
  const lines = section.querySelector("#vkey").value.split("\n").map((one) => one.trim()).filter(Boolean);
  section.querySelectorAll("[data-check]").forEach((one) => one.removeAttribute("data-state"));
  verdict.textContent = "";
  verdict.removeAttribute("data-state");
  const results = {};
  try {
    await make(proof, lines, results);
  } catch (error) {
    if (!crypto.subtle || error.name === "NotSupportedError") {
      verdict.textContent = verdict.dataset.cannot;
      return;
    }
  }
  for (const one of section.querySelectorAll("[data-check]")) one.dataset.state = results[one.dataset.check] ? "good" : "bad";
  const all = names.every((name) => results[name]);
  verdict.dataset.state = all ? "good" : "bad";
  verdict.textContent = all ? verdict.dataset.good : verdict.dataset.bad;
}

function checkHere(names, make) {
  const section = document.getElementById("verify"), button = document.getElementById("verify-now");
  if (!globalThis.crypto || !crypto.subtle) {
    section.querySelector(".verdict").textContent = section.querySelector(".verdict").dataset.cannot;
    return;
  }
  button.hidden = false;
  button.addEventListener("click", () => check(section, names, make));
  check(section, names, make);
}
