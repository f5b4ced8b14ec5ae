// A Merkle tree (RFC 6962) in memory that speaks the formats of Rekor: @sigstore/mock's own log has no tree, so that its proofs prove nothing.
// Version 1: ECDSA P-256, promise (SET) and checkpoint. Version 2: Ed25519, checkpoint only, no time.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';

const canonicalize = createRequire(import.meta.url)('canonicalize');
const FIRST_INDEX = 1_000_000;
const FORMER_ENTRIES = 11;

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash('sha256')).digest();
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const leafHash = (data) => sha256(Buffer.from([0]), data);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);

// the largest power of two below n
function split(n) {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function rootOf(hashes) {
  if (hashes.length === 1) return hashes[0];
  const at = split(hashes.length);
  return nodeHash(rootOf(hashes.slice(0, at)), rootOf(hashes.slice(at)));
}

// hashes from the leaf to the root, lowest first
function pathOf(index, hashes) {
  if (hashes.length === 1) return [];
  const at = split(hashes.length);
  return index < at
    ? [...pathOf(index, hashes.slice(0, at)), rootOf(hashes.slice(at))]
    : [...pathOf(index - at, hashes.slice(at)), rootOf(hashes.slice(0, at))];
}

export class Log {
  #key;
  #leaves = Array.from({ length: FORMER_ENTRIES }, () => leafHash(crypto.randomBytes(40)));

  // baseUrl: where the log is said to be; its host is the name in checkpoints
  constructor(baseUrl, version) {
    this.baseUrl = baseUrl;
    this.version = version;
    this.name = new URL(baseUrl).host;
    const pair = version === 2 ? crypto.generateKeyPairSync('ed25519') : crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = pair.privateKey;
    this.publicKey = pair.publicKey.export({ format: 'der', type: 'spki' });
    this.id = version === 2 ? sha256(this.name, Buffer.from([0x0a, 0x01]), this.publicKey.subarray(-32)) : sha256(this.publicKey);
  }

  // its entry in a trusted root
  trusted(start) {
    return {
      baseUrl: this.baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: { rawBytes: base64(this.publicKey), keyDetails: this.version === 2 ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256', validFor: { start } },
      logId: { keyId: base64(this.id) },
    };
  }

  // POST /api/v1/log/entries
  addVersion1(entry) {
    const body = Buffer.from(canonicalize(entry));
    const { index, size, root, hashes, checkpoint } = this.#append(body);
    const integratedTime = Math.floor(Date.now() / 1000);
    const logIndex = index + FIRST_INDEX; // not the index in the tree, as in production
    const logID = this.id.toString('hex');
    const promise = this.#sign(canonicalize({ body: base64(body), integratedTime, logID, logIndex }));
    const hex = (bytes) => bytes.toString('hex');
    return {
      [crypto.randomBytes(32).toString('hex')]: {
        body: base64(body), integratedTime, logID, logIndex,
        verification: {
          signedEntryTimestamp: base64(promise),
          inclusionProof: { logIndex: index, treeSize: size, rootHash: hex(root), hashes: hashes.map(hex), checkpoint },
        },
      },
    };
  }

  // POST /api/v2/log/entries
  addVersion2({ hashedRekordRequestV002: request }) {
    const { digest, signature } = request;
    const verifier = { keyDetails: signature.verifier.keyDetails, x509Certificate: { rawBytes: signature.verifier.x509Certificate.rawBytes } };
    const entry = {
      apiVersion: '0.0.2', kind: 'hashedrekord',
      spec: { hashedRekordV002: { data: { algorithm: 'SHA2_256', digest }, signature: { content: signature.content, verifier } } },
    };
    const body = Buffer.from(canonicalize(entry));
    const { index, size, root, hashes, checkpoint } = this.#append(body);
    return {
      logIndex: String(index), logId: { keyId: base64(this.id) }, kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
      inclusionProof: { logIndex: String(index), treeSize: String(size), rootHash: base64(root), hashes: hashes.map(base64), checkpoint: { envelope: checkpoint } },
      canonicalizedBody: base64(body),
    };
  }

  #append(body) {
    const index = this.#leaves.push(leafHash(body)) - 1;
    const size = this.#leaves.length, root = rootOf(this.#leaves);
    const note = `${this.version === 2 ? this.name : `${this.name} - 4242`}\n${size}\n${base64(root)}\n`;
    const line = `\u2014 ${this.name} ${base64(Buffer.concat([this.id.subarray(0, 4), this.#sign(note)]))}\n`;
    return { index, size, root, hashes: pathOf(index, this.#leaves), checkpoint: `${note}\n${line}` };
  }

  #sign(text) {
    return crypto.sign(this.version === 2 ? null : 'sha256', Buffer.from(text), this.#key);
  }
}
