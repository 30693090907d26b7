// quoin.d.ts, as TypeScript understands it, and against the module itself.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';
import test from 'node:test';
import * as module from './quoin.mjs';

const ts = createRequire(import.meta.url)(process.env.QUOIN_TYPESCRIPT);
const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

function program(names) {
  return ts.createProgram(names.map(pathOf), {
    strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [],
  });
}

test('what callers write compiles, and what they must not write does not', () => {
  const diagnostics = ts.getPreEmitDiagnostics(program(['types_example.mts']));
  assert.equal(ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name, getCurrentDirectory: () => pathOf('.'), getNewLine: () => '\n',
  }), '');
});

test('the types name exactly what the module has', () => {
  const types = program(['quoin.d.mts']);
  const checker = types.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(types.getSourceFile(pathOf('quoin.d.mts'))));
  const values = exported.filter((symbol) => (symbol.flags & ts.SymbolFlags.Value) !== 0).map((symbol) => symbol.name);
  assert.deepEqual(values.sort(), Object.keys(module).sort());
});
