#!/usr/bin/env node
// Signs plugin packages keylessly and offline, for any identity. For tests and laboratories: whoever can run this can be anyone under its trusted root.
//   node sign.mjs PACKAGE --identity URI --issuer URL [--claim NAME=VALUE]... [--log 1|2] [--bundle FILE] --root FILE
//   node sign.mjs --requests FILE --root FILE      FILE: [{ "package", "identity", "issuer", "claims"?, "log"?, "bundle"? }], paths relative to it
//   --github OWNER/REPO [--workflow FILE] [--ref REF]   instead of identity, issuer and claims: those of a release workflow there
// PACKAGE is a folder; SHA256SUMS is written when it is not there. The bundle goes to PACKAGE/plugin.sigstore.json, the trusted root that belongs to it to --root.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { sign, startSigstore } from './sigstore.mjs';

const SUMS = 'SHA256SUMS', BUNDLE = 'plugin.sigstore.json';
const GITHUB = 'https://token.actions.githubusercontent.com';

function github(repository, workflow, ref) {
  const identity = `https://github.com/${repository}/.github/workflows/${workflow}@${ref}`;
  const commit = 'a'.repeat(40);
  return {
    identity, issuer: GITHUB,
    claims: {
      buildSignerUri: identity, buildSignerDigest: commit, runnerEnvironment: 'github-hosted', sourceRepository: `https://github.com/${repository}`, sourceRepositoryDigest: commit,
      sourceRepositoryRef: ref, sourceRepositoryIdentifier: '1001', sourceRepositoryOwnerUri: `https://github.com/${repository.split('/')[0]}`, sourceRepositoryOwnerIdentifier: '501',
      buildConfigUri: identity, buildConfigDigest: commit, buildTrigger: 'push', runInvocationUri: `https://github.com/${repository}/actions/runs/1/attempts/1`, sourceRepositoryVisibilityAtSigning: 'public',
    },
  };
}

// what is signed: the list of the files' digests, in the format of sha256sum
function sums(folder) {
  const file = path.join(folder, SUMS);
  if (!fs.existsSync(file)) {
    const names = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
      .map((e) => path.relative(folder, path.join(e.parentPath ?? e.path, e.name)).split(path.sep).join('/'))
      .filter((name) => name !== BUNDLE && !name.startsWith('countersignatures/')).sort();
    fs.writeFileSync(file, names.map((name) => `${crypto.createHash('sha256').update(fs.readFileSync(path.join(folder, name))).digest('hex')}  ${name}\n`).join(''));
  }
  return fs.readFileSync(file);
}

function requests() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      requests: { type: 'string' }, root: { type: 'string' }, identity: { type: 'string' }, issuer: { type: 'string' }, claim: { type: 'string', multiple: true, default: [] },
      log: { type: 'string', default: '1' }, bundle: { type: 'string' }, github: { type: 'string' }, workflow: { type: 'string', default: 'release.yml' }, ref: { type: 'string', default: 'refs/tags/v1.0.0' },
    },
  });
  const usage = (problem) => { throw new Error(`${problem} See the first lines of sign.mjs.`); };
  if (!values.root) usage('--root FILE is missing.');
  if (values.requests) {
    const folder = path.dirname(values.requests);
    const list = JSON.parse(fs.readFileSync(values.requests, 'utf8'));
    return { root: values.root, list: list.map((r) => ({ ...r, package: path.join(folder, r.package), bundle: r.bundle && path.join(folder, r.bundle) })) };
  }
  if (positionals.length !== 1) usage('Expected one PACKAGE.');
  const who = values.github ? github(values.github, values.workflow, values.ref) : { identity: values.identity, issuer: values.issuer, claims: {} };
  if (!who.identity || !who.issuer) usage('Expected --identity and --issuer, or --github.');
  for (const claim of values.claim) {
    const at = claim.indexOf('=');
    if (at < 1) usage(`--claim ${claim}: expected NAME=VALUE.`);
    who.claims[claim.slice(0, at)] = claim.slice(at + 1);
  }
  return { root: values.root, list: [{ package: positionals[0], ...who, log: Number(values.log), bundle: values.bundle }] };
}

try {
  const { root, list } = requests();
  const sigstore = await startSigstore();
  try {
    for (const request of list) {
      const bundle = await sign(sigstore.url, { ...request, data: sums(request.package) });
      const file = request.bundle ?? path.join(request.package, BUNDLE);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, JSON.stringify(bundle) + '\n');
      console.log(`${path.basename(file)}  ${request.identity}  ${request.issuer}`);
    }
    const text = JSON.stringify(sigstore.trustedRoot, null, 2) + '\n';
    fs.mkdirSync(path.dirname(path.resolve(root)), { recursive: true });
    fs.writeFileSync(root, text);
    console.log(`${path.basename(root)}  sha256 ${crypto.createHash('sha256').update(text).digest('hex')}`);
  } finally {
    sigstore.stop();
  }
} catch (error) {
  console.error(`sign.mjs: ${error.message}`);
  process.exitCode = 1;
}
