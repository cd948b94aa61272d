// Inclusion proofs (RFC 6962, 2.1.1; RFC 9162, 2.1.3.2) and signed checkpoints (c2sp.org/signed-note) by WebCrypto, for
// pages that check them. Nothing is trusted but the public keys that are handed in.
"use strict";

const bytesOf = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const encoded = (text) => new TextEncoder().encode(text);
const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");

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
