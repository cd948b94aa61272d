// Checks a certificate of an erasure, or of a run of retention, as `governance audit verify-certificate` does: its one
// form, its own entry and the receipts of what it tells of in the log, the signed checkpoint, and the checkpoint that
// somebody kept. Needs proofs.js. The file does not leave the browser.
"use strict";

// RFC 8785, of texts, whole numbers, marks and collections.
function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return "{" + Object.keys(value).sort().map((name) => JSON.stringify(name) + ":" + canonical(value[name])).join(",") + "}";
}

// The entry that a proof shows to be in the log; null where it does not.
async function entryOf(proof, size, root) {
  if (Object.keys(proof).sort().join() !== "index,leaf,path,size" || proof.size !== size) return null;
  const found = await rootOf(await hash(0, encoded(proof.leaf)), proof.index, size, proof.path.map(bytesOf));
  return found !== null && same(found, root) ? JSON.parse(proof.leaf) : null;
}

const OF_ERASURE = {
  about: "erasure", issued: "erasure:certificate:issued", receipt: "erasure:step:done", repeated: ["step"],
};
const OF_RUN = {
  about: "run", issued: "retention:certificate:issued", receipt: "retention:batch:done",
  repeated: ["digest", "people", "policy", "rows", "version"],
};

async function check(text, kept, lines) {
  const results = { form: false, issued: false, receipts: false, signature: false, kept: kept === null ? true : false };
  const told = JSON.parse(text), body = told.certificate;
  results.form = canonical(told) === text && body.v === 1
    && Object.keys(told).sort().join() === "certificate,checkpoint,issued,receipts";
  const [, size, root] = told.checkpoint.split("\n");
  const whole = Number(size), top = bytesOf(root);
  results.signature = await isSigned(told.checkpoint, lines);
  if (kept !== null) results.kept = kept === told.checkpoint;
  const issued = await entryOf(told.issued, whole, top);
  const kind = "run" in body ? OF_RUN : OF_ERASURE, about = body[kind.about];
  results.issued = issued !== null && issued.action === kind.issued
    && issued.facts.digest === hex(await digest(encoded(canonical(body)))) && issued.object.id === about;
  let receipts = told.receipts.length === body.destroyed.length;
  for (let place = 0; receipts && place < told.receipts.length; place += 1) {
    const entry = await entryOf(told.receipts[place], whole, top), said = body.destroyed[place];
    receipts = entry !== null && entry.eid === said.entry && entry.action === kind.receipt && entry.object.id === about
      && kind.repeated.every((name) => name in said && entry.facts[name] === said[name]);
  }
  results.receipts = receipts;
  return results;
}

// What is in a file, to the byte: a mark of byte order, or bytes that are no UTF-8, are a change like any other.
async function textOf(file) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
}

// Whether it is a certificate at all, as far as its outer form tells.
function isOne(text) {
  try {
    return "certificate" in JSON.parse(text);
  } catch {
    return false;
  }
}

async function verify(form) {
  const found = document.getElementById("found"), verdict = found.querySelector(".verdict");
  const kept = form.querySelector("#checkpoint").files[0];
  const lines = form.querySelector("#vkey").value.split("\n").map((one) => one.trim()).filter(Boolean);
  let results = {}, text = "";
  try {
    text = await textOf(form.querySelector("#file").files[0]);
    results = await check(text, kept ? await textOf(kept) : null, lines);
  } catch (error) {
    if (error.name === "NotSupportedError") return false;
  }
  for (const one of found.querySelectorAll("[data-check]")) one.dataset.state = results[one.dataset.check] ? "good" : "bad";
  found.querySelector("[data-check=kept]").hidden = !kept;
  const holds = ["form", "issued", "receipts", "signature", "kept"].every((name) => results[name]);
  verdict.dataset.state = holds ? "good" : "bad";
  verdict.textContent = holds ? form.dataset.good : isOne(text) ? form.dataset.bad : form.dataset.none;
  found.hidden = false;
  found.scrollIntoView({ block: "nearest" });
  return true;
}

const form = document.getElementById("verify");
if (form !== null && globalThis.crypto && crypto.subtle) {
  const file = form.querySelector("#file"), place = form.querySelector(".drop");
  form.addEventListener("submit", async (event) => {
    if (!file.files.length) return; // the page says what is missing
    event.preventDefault();
    if (!(await verify(form))) form.submit(); // an old browser without Ed25519: it is checked by the service
  });
  for (const name of ["dragenter", "dragover"]) {
    place.addEventListener(name, (event) => {
      event.preventDefault();
      place.dataset.over = "1";
    });
  }
  for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => { delete place.dataset.over; });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      file.files = event.dataTransfer.files;
      form.requestSubmit();
    }
  });
}
