// Checks the inclusion proof of an entry and the signed checkpoint, trusting nothing but the public key in the field.
// Needs proofs.js.
"use strict";

async function verify(section) {
  const proof = JSON.parse(section.dataset.proof), verdict = section.querySelector(".verdict");
  const lines = section.querySelector("#vkey").value.split("\n").map((one) => one.trim()).filter(Boolean);
  section.querySelectorAll("[data-check]").forEach((one) => one.removeAttribute("data-state"));
  verdict.textContent = "";
  verdict.removeAttribute("data-state");
  const results = {};
  try {
    const leaf = bytesOf(proof.leaf_hash);
    results.leaf = proof.leaf === null || same(await hash(0, bytesOf(proof.leaf)), leaf);
    const root = await rootOf(leaf, proof.index, proof.size, proof.path.map(bytesOf));
    results.path = root !== null && same(root, bytesOf(proof.root));
    const said = proof.checkpoint.split("\n");
    results.root = said[1] === String(proof.size) && root !== null && same(bytesOf(said[2]), root);
    results.signature = await isSigned(proof.checkpoint, lines);
  } catch (error) {
    if (!crypto.subtle || error.name === "NotSupportedError") {
      verdict.textContent = verdict.dataset.cannot;
      return;
    }
  }
  for (const one of section.querySelectorAll("[data-check]")) one.dataset.state = results[one.dataset.check] ? "good" : "bad";
  const all = ["leaf", "path", "root", "signature"].every((name) => results[name]);
  verdict.dataset.state = all ? "good" : "bad";
  verdict.textContent = all ? verdict.dataset.good : verdict.dataset.bad;
}

const section = document.getElementById("verify"), button = document.getElementById("verify-now");
if (!globalThis.crypto || !crypto.subtle) {
  section.querySelector(".verdict").textContent = section.querySelector(".verdict").dataset.cannot;
} else {
  button.hidden = false;
  button.addEventListener("click", () => verify(section));
  verify(section);
}
