// node sigstore-verify.cjs FOLDER NAME TIMES: verifies FOLDER/NAME.sigstore.json with @sigstore/verify, prints the milliseconds of each verification as JSON.
'use strict';
const fs = require('fs');
const path = require('path');
const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');
const { bundleFromJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');

const [folder, name, times] = process.argv.slice(2);
const read = file => fs.readFileSync(path.join(folder, file));
const trust = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(read('trusted_root.json'))));
const artifact = read('artifact');
const json = read(name + '.sigstore.json').toString();
const exactly = text => '^' + text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') + '$';
const policy = { subjectAlternativeName: exactly(read('identity').toString()), extensions: { issuer: read('issuer').toString() } };

function once() {
  const began = process.hrtime.bigint();
  new Verifier(trust, { tlogThreshold: 1, ctlogThreshold: 1 }).verify(toSignedEntity(bundleFromJSON(JSON.parse(json)), artifact), policy);
  return Number(process.hrtime.bigint() - began) / 1e6;
}

const count = Number(times);
for (let i = 0; i < Math.min(count, 100); i++) once();
process.stdout.write(JSON.stringify(Array.from({ length: count }, once)));
