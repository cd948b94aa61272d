// Checks a certificate of erasure as `governance audit verify-certificate` does, with WebCrypto: its one form, its own
// entry and the receipts of its steps in the log (RFC 6962, 2.1.1; RFC 9162, 2.1.3.2), the signed checkpoint
// (c2sp.org/signed-note), and the checkpoint that somebody kept. The file does not leave the browser.
"use strict";

const bytesOf = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const encoded = (text) => new TextEncoder().encode(text);
const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");

// RFC 8785, of texts, whole numbers, marks and collections.
function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return "{" + Object.keys(value).sort().map((name) => JSON.stringify(name) + ":" + canonical(value[name])).join(",") + "}";
}

async function hash(prefix, ...parts) {
  const whole = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  whole[0] = prefix;
  let place = 1;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return digest(whole);
}

async function rootOf(leaf, index, size, path) {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return null;
  let at = index, last = size - 1, root = leaf;
  for (const step of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = await hash(1, step, root);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      root = await hash(1, root, step);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : null;
}

// The entry that a proof shows to be in the log; null where it does not.
async function entryOf(proof, size, root) {
  if (Object.keys(proof).sort().join() !== "index,leaf,path,size" || proof.size !== size) return null;
  const found = await rootOf(await hash(0, encoded(proof.leaf)), proof.index, size, proof.path.map(bytesOf));
  return found !== null && same(found, root) ? JSON.parse(proof.leaf) : null;
}

async function keyOf(line) {
  const first = line.indexOf("+"), second = line.indexOf("+", first + 1);
  if (first < 1 || second < 0) return null;
  const name = line.slice(0, first), material = bytesOf(line.slice(second + 1));
  if (material.length !== 33 || material[0] !== 1) return null;
  const id = (await digest(new Uint8Array([...encoded(name + "\n"), ...material]))).slice(0, 4);
  if (line.slice(first + 1, second) !== hex(id)) return null;
  return { name, id, key: await crypto.subtle.importKey("raw", material.slice(1), { name: "Ed25519" }, false, ["verify"]) };
}

async function isSigned(note, lines) {
  const cut = note.lastIndexOf("\n\n"), text = note.slice(0, cut + 1), origin = text.split("\n")[0];
  for (const line of lines) {
    const known = await keyOf(line);
    if (known === null || known.name !== origin) continue;
    for (const one of note.slice(cut + 2).split("\n")) {
      const [dash, name, signature] = one.split(" ");
      if (dash !== "\u2014" || name !== known.name) continue;
      const material = bytesOf(signature);
      if (!same(material.slice(0, 4), known.id)) continue;
      if (await crypto.subtle.verify({ name: "Ed25519" }, known.key, material.slice(4), encoded(text))) return true;
    }
  }
  return false;
}

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
  results.issued = issued !== null && issued.action === "erasure:certificate:issued"
    && issued.facts.digest === hex(await digest(encoded(canonical(body)))) && issued.object.id === body.erasure;
  let receipts = told.receipts.length === body.destroyed.length;
  for (let place = 0; receipts && place < told.receipts.length; place += 1) {
    const entry = await entryOf(told.receipts[place], whole, top), said = body.destroyed[place];
    receipts = entry !== null && entry.eid === said.entry && entry.action === "erasure:step:done"
      && entry.facts.step === said.step && entry.object.id === body.erasure;
  }
  results.receipts = receipts;
  return results;
}

async function verify(form) {
  const found = document.getElementById("found"), verdict = found.querySelector(".verdict");
  const kept = form.querySelector("#checkpoint").files[0];
  const lines = form.querySelector("#vkey").value.split("\n").map((one) => one.trim()).filter(Boolean);
  let results = {};
  try {
    results = await check(await form.querySelector("#file").files[0].text(), kept ? await kept.text() : null, lines);
  } catch (error) {
    if (error.name === "NotSupportedError") return false;
  }
  for (const one of found.querySelectorAll("[data-check]")) one.dataset.state = results[one.dataset.check] ? "good" : "bad";
  found.querySelector("[data-check=kept]").hidden = !kept;
  const holds = ["form", "issued", "receipts", "signature", "kept"].every((name) => results[name]);
  verdict.dataset.state = holds ? "good" : "bad";
  verdict.textContent = holds ? form.dataset.good : form.dataset.bad;
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
