// Checks the inclusion proof of an entry and the signed checkpoint, trusting nothing but the public key in the field.
// Needs proofs.js and checks.js.
"use strict";

checkHere(["leaf", "path", "root", "signature"], async (proof, lines, results) => {
  const leaf = bytesOf(proof.leaf_hash);
  results.leaf = proof.leaf === null || same(await hash(0, bytesOf(proof.leaf)), leaf);
  const root = await rootOf(leaf, proof.index, proof.size, proof.path.map(bytesOf));
  results.path = root !== null && same(root, bytesOf(proof.root));
  const said = proof.checkpoint.split("\n");
  results.root = said[1] === String(proof.size) && root !== null && same(bytesOf(said[2]), root);
  results.signature = await isSigned(proof.checkpoint, lines);
});
