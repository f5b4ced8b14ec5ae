// Certificate authority, certificate log and timestamp authority of @sigstore/mock and logs of our own behind one port of 127.0.0.1.
// Nothing else is contacted. Everything is new at each start: a trusted root belongs to the bundles of one run.
import crypto from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';
import { Log } from './log.mjs';

const require = createRequire(import.meta.url);
const { initializeCA, initializeCTLog, initializeTSA, tsaHandler } = require('@sigstore/mock');
const { bundleToJSON } = require('@sigstore/bundle');
const { MessageSignatureBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } = require('@sigstore/sign');

const ARC = '1.3.6.1.4.1.57264.1.';
const NAME = 'https://sigstore.mock.test';

// names of a trust policy's claims, in the order of Fulcio's extensions 9 to 22
export const CLAIMS = [
  'buildSignerUri', 'buildSignerDigest', 'runnerEnvironment', 'sourceRepository', 'sourceRepositoryDigest', 'sourceRepositoryRef', 'sourceRepositoryIdentifier',
  'sourceRepositoryOwnerUri', 'sourceRepositoryOwnerIdentifier', 'buildConfigUri', 'buildConfigDigest', 'buildTrigger', 'runInvocationUri', 'sourceRepositoryVisibilityAtSigning',
];

const keyPair = () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const json = (value) => ({ status: 201, type: 'application/json', body: JSON.stringify(value) });

export async function startSigstore() {
  const start = new Date(Math.floor(Date.now() / 1000 - 60) * 1000).toISOString().replace('.000Z', 'Z');
  const certificateLog = await initializeCTLog(keyPair());
  const authority = await initializeCA(keyPair(), certificateLog);
  const timestamps = await initializeTSA(keyPair());
  // whole seconds: with fractions the mock writes a time that strict readers refuse now and then
  timestamps.getCurrentTime = () => new Date(Math.floor(Date.now() / 1000) * 1000);
  const logs = [new Log(NAME, 1), new Log(NAME.replace('sigstore', 'log2'), 2)];
  const stamp = tsaHandler(timestamps, { strict: true }).fn;
  const routes = {
    '/api/v2/signingCert': async (body) => json(await certify(authority, JSON.parse(body))),
    '/api/v1/timestamp': async (body) => { const { statusCode, response, contentType } = await stamp(body); return { status: statusCode, type: contentType, body: response }; },
    '/api/v1/log/entries': async (body) => json(logs[0].addVersion1(JSON.parse(body))),
    '/api/v2/log/entries': async (body) => json(logs[1].addVersion2(JSON.parse(body))),
  };
  const server = http.createServer((request, response) => answer(routes, request, response));
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const party = (certificates) => ({
    subject: { organization: 'mock', commonName: 'sigstore' }, uri: NAME,
    certChain: { certificates: certificates.map((c) => ({ rawBytes: base64(c) })) }, validFor: { start },
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => server.close(),
    trustedRoot: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: logs.map((log) => log.trusted(start)),
      certificateAuthorities: [party([authority.rootCertificate])],
      ctlogs: [{
        baseUrl: NAME, hashAlgorithm: 'SHA2_256', logId: { keyId: base64(certificateLog.logID) },
        publicKey: { rawBytes: base64(certificateLog.publicKey), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start } },
      }],
      timestampAuthorities: [party([timestamps.intCertificate, timestamps.rootCertificate])],
    },
  };
}

// The bundle (v0.3) over data, as the clients of npm make it. log: 1 or 2.
export async function sign(url, { data, identity, issuer, claims = {}, log = 1 }) {
  const unknown = Object.keys(claims).filter((name) => !CLAIMS.includes(name));
  if (unknown.length > 0) throw new Error(`There is no claim '${unknown[0]}'. Known: ${CLAIMS.join(', ')}.`);
  const signer = new FulcioSigner({ fulcioBaseURL: url, identityProvider: { getToken: async () => token({ sub: identity, iss: issuer, claims }) } });
  const witnesses = [new RekorWitness({ rekorBaseURL: url, majorApiVersion: log }), new TSAWitness({ tsaBaseURL: url })];
  const bundle = bundleToJSON(await new MessageSignatureBundleBuilder({ signer, witnesses }).create({ data }));
  // the client still writes v0.2 for messages: a chain, of which v0.3 keeps the leaf
  const material = bundle.verificationMaterial;
  const { x509CertificateChain: chain, ...rest } = material;
  return { ...bundle, mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', verificationMaterial: { ...rest, certificate: material.certificate ?? chain.certificates[0] } };
}

// A token as a build service would give, without its signature: this authority believes whoever asks.
function token(payload) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ aud: 'sigstore', iat: now, exp: now + 600, ...payload })}.${encode('none')}`;
}

async function certify(authority, request) {
  const { sub, iss, claims } = JSON.parse(Buffer.from(request.credentials.oidcIdentityToken.split('.')[1], 'base64url'));
  const named = Object.entries(claims).map(([name, value]) => ({ oid: ARC + (CLAIMS.indexOf(name) + 9), value }));
  const certificate = await authority.issueCertificate({
    publicKey: crypto.createPublicKey(request.publicKeyRequest.publicKey.content).export({ format: 'der', type: 'spki' }),
    subjectAltName: sub,
    extensions: [{ oid: ARC + '1', value: iss, legacy: true }, { oid: ARC + '8', value: iss }, ...named],
  });
  const pem = (der) => `-----BEGIN CERTIFICATE-----\n${base64(der).match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
  return { signedCertificateEmbeddedSct: { chain: { certificates: [pem(certificate), pem(authority.rootCertificate)] } } };
}

function answer(routes, request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const route = request.method === 'POST' ? routes[request.url] : undefined;
    if (!route) return void response.writeHead(404).end();
    try {
      const { status, type, body } = await route(Buffer.concat(chunks).toString());
      response.writeHead(status, { 'Content-Type': type }).end(body);
    } catch (error) {
      response.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error));
    }
  });
}
