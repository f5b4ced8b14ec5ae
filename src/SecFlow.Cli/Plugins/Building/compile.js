// Runs in the sandbox: reads one JSON from stdin ("LENGTH\n" and that many bytes), compiles in memory, writes one JSON to stdout.
// in:  {files: {"index.ts": "...", "tsconfig.json": "..."}, also: ["index.test.ts"]}
// out: {js, map, problems: [{file, line, column, code, message}]}
'use strict';
const fs = require('fs');
const ts = require('/typescript/lib/typescript.js');

function read() {
  const chunks = [];
  const buffer = Buffer.alloc(65536);
  let expected = -1;
  let size = 0;
  for (;;) {
    const all = Buffer.concat(chunks);
    if (expected < 0 && all.includes(10)) {
      const end = all.indexOf(10);
      expected = end + 1 + Number(all.subarray(0, end).toString());
    }
    if (expected >= 0 && size >= expected) {
      return JSON.parse(all.subarray(all.indexOf(10) + 1, expected).toString('utf8'));
    }
    let got = 0;
    try {
      got = fs.readSync(0, buffer, 0, buffer.length, null);
    } catch (e) {
      if (e.code !== 'EAGAIN') { throw e; }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      continue;
    }
    if (got === 0) { throw new Error('the input ended too early'); }
    chunks.push(Buffer.from(buffer.subarray(0, got)));
    size += got;
  }
}

function write(value) {
  const bytes = Buffer.from(JSON.stringify(value));
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (e) {
      if (e.code !== 'EAGAIN') { throw e; }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

const ROOT = '/src/';
const input = read();
const own = name => (name.startsWith(ROOT) && Object.prototype.hasOwnProperty.call(input.files, name.slice(ROOT.length)) ? input.files[name.slice(ROOT.length)] : undefined);
const library = name => name.startsWith('/typescript/lib/lib.') && name.endsWith('.d.ts');
const text = name => own(name) ?? (library(name) ? ts.sys.readFile(name) : undefined);

const isTest = name => name.endsWith('.test.ts') || name === 'secflow-test.d.ts';
const parseHost = {
  useCaseSensitiveFileNames: true,
  fileExists: name => own(name) !== undefined,
  readFile: own,
  readDirectory: () => Object.keys(input.files).filter(n => n.endsWith('.ts') && !isTest(n)).sort((a, b) => (a.endsWith('.d.ts') ? 0 : 1) - (b.endsWith('.d.ts') ? 0 : 1) || (a < b ? -1 : 1)).map(n => ROOT + n),
};
const json = ts.parseConfigFileTextToJson(ROOT + 'tsconfig.json', input.files['tsconfig.json'] ?? '{}');
const config = ts.parseJsonConfigFileContent(json.config ?? {}, parseHost, '/src', undefined, ROOT + 'tsconfig.json');
const options = Object.assign({}, config.options, {
  target: ts.ScriptTarget.ES5, module: ts.ModuleKind.None, outFile: '/out/index.js', sourceMap: true, inlineSourceMap: false, inlineSources: false, noEmit: false, noEmitOnError: true,
  declaration: false, declarationMap: false, composite: false, incremental: false, emitBOM: false, newLine: ts.NewLineKind.LineFeed, ignoreDeprecations: '5.0', types: [],
  outDir: undefined, rootDir: undefined, sourceRoot: undefined, mapRoot: undefined, tsBuildInfoFile: undefined, isolatedModules: undefined,
});
if (!config.options.lib) { options.lib = ['lib.es5.d.ts']; }

const host = {
  fileExists: name => text(name) !== undefined,
  readFile: text,
  getSourceFile: (name, language) => { const t = text(name); return t === undefined ? undefined : ts.createSourceFile(name, t, language, true); },
  getDefaultLibFileName: o => '/typescript/lib/' + ts.getDefaultLibFileName(o),
  getDefaultLibLocation: () => '/typescript/lib',
  getCurrentDirectory: () => '/src',
  getCanonicalFileName: name => name,
  useCaseSensitiveFileNames: () => true,
  getNewLine: () => '\n',
  writeFile: (name, content) => { written[name] = content; },
  directoryExists: name => ('/src/' + Object.keys(input.files).join('\n/src/')).includes(name.endsWith('/') ? name : name + '/') || name === '/typescript/lib',
};
const written = {};
const program = ts.createProgram([...config.fileNames, ...input.also.map(n => ROOT + n)], options, host);
const found = [...(json.error ? [json.error] : []), ...config.errors, ...ts.getPreEmitDiagnostics(program)];
const emitted = found.some(d => d.category === ts.DiagnosticCategory.Error) ? { diagnostics: [] } : program.emit();
const problems = [...found, ...emitted.diagnostics].filter(d => d.category === ts.DiagnosticCategory.Error).slice(0, 200).map(d => {
  const at = d.file && d.start !== undefined ? d.file.getLineAndCharacterOfPosition(d.start) : undefined;
  const file = d.file ? (d.file.fileName.startsWith(ROOT) ? d.file.fileName.slice(ROOT.length) : d.file.fileName) : 'tsconfig.json';
  return { file, line: at ? at.line + 1 : 1, column: at ? at.character + 1 : 1, code: 'TS' + d.code, message: ts.flattenDiagnosticMessageText(d.messageText, ' ') };
});
const map = written['/out/index.js.map'] ? JSON.parse(written['/out/index.js.map']) : null;
if (map) { map.sources = map.sources.map(s => s.replace(/^(\.\.\/)+src\//, '')); }
write({ version: ts.version, problems, js: written['/out/index.js'] ? written['/out/index.js'].replace(/\n?\/\/# sourceMappingURL=.*\n?$/, '\n') : null, map });
