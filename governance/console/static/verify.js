// Checks an inclusion proof (RFC 6962, 2.1.1; RFC 9162, 2.1.3.2) and a signed checkpoint (c2sp.org/signed-note) with
// WebCrypto, trusting nothing but the public key in the field.
"use strict";

const bytesOf = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

async function hash(prefix, ...parts) {
  const whole = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  whole[0] = prefix;
  let place = 1;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

async function rootOf(leaf, index, size, path) {
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

async function keyOf(line) {
  const first = line.indexOf("+"), second = line.indexOf("+", first + 1);
  const name = line.slice(0, first), material = bytesOf(line.slice(second + 1));
  if (first < 1 || second < 0 || material.length !== 33 || material[0] !== 1) return null;
  const whole = new Uint8Array([...new TextEncoder().encode(name + "\n"), ...material]);
  const id = new Uint8Array(await crypto.subtle.digest("SHA-256", whole)).slice(0, 4);
  const told = line.slice(first + 1, second);
  if (told !== [...id].map((one) => one.toString(16).padStart(2, "0")).join("")) return null;
  const key = await crypto.subtle.importKey("raw", material.slice(1), { name: "Ed25519" }, false, ["verify"]);
  return { name, id, key };
}

async function isSigned(note, lines) {
  const cut = note.lastIndexOf("\n\n"), text = note.slice(0, cut + 1), origin = text.split("\n")[0];
  for (const line of lines) {
    const known = await keyOf(line);
    if (known === null || known.name !== origin) continue;
    for (const one of note.slice(cut + 2).split("\n")) {
      const [dash, name, encoded] = one.split(" ");
      if (dash !== "\u2014" || name !== known.name) continue;
      const material = bytesOf(encoded);
      if (!same(material.slice(0, 4), known.id)) continue;
      if (await crypto.subtle.verify({ name: "Ed25519" }, known.key, material.slice(4), new TextEncoder().encode(text))) return true;
    }
  }
  return false;
}

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
