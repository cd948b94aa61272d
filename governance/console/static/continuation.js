// Checks that a signed checkpoint continues an earlier one, trusting nothing but the public key in the field.
// Needs proofs.js and checks.js.
"use strict";

// RFC 9162, 2.1.4.2.
async function continues(first, second, firstRoot, secondRoot, path) {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second) || first < 1 || first > second) return false;
  if (first === second) return path.length === 0 && same(firstRoot, secondRoot);
  const steps = [...path];
  let at = first - 1, last = second - 1;
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  let earlier = at === 0 ? firstRoot : steps.shift(), later = earlier;
  if (!earlier) return false;
  for (const step of steps) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      earlier = await hash(1, step, earlier);
      later = await hash(1, step, later);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      later = await hash(1, later, step);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(earlier, firstRoot) && same(later, secondRoot);
}

checkHere(["first", "second", "path"], async (proof, lines, results) => {
  const first = proof.first.split("\n"), second = proof.second.split("\n");
  results.first = await isSigned(proof.first, lines);
  results.second = await isSigned(proof.second, lines);
  results.path = first[0] === second[0]
    && await continues(Number(first[1]), Number(second[1]), bytesOf(first[2]), bytesOf(second[2]), proof.path.map(bytesOf));
});
