/**
 * Who may import whom: the table of docs/architecture.md as rules. Checked by scripts/lib/import-rules.mjs, which also
 * fails when suspiciously few files were read.
 */
const model = [
  'graph',
  'autodiff',
  'tensors',
  'runtime',
  'models',
  'saes',
  'attribution',
  'steering',
  'labelling',
  'preflight',
  'statistics',
  'tables',
  'sets',
  'experiments',
  'vectors'
]

/** Room -> rooms it may import besides itself and src/shared. */
const rooms = {
  graph: [],
  autodiff: ['graph'],
  tensors: [],
  runtime: ['graph'],
  models: ['graph', 'runtime', 'tensors'],
  saes: ['graph', 'runtime', 'tensors', 'models'],
  statistics: [],
  attribution: ['graph', 'autodiff', 'runtime', 'models', 'saes', 'statistics'],
  steering: ['graph', 'autodiff', 'runtime', 'models', 'saes', 'attribution', 'statistics'],
  labelling: ['tensors', 'models', 'saes', 'attribution'],
  preflight: ['attribution', 'models', 'saes', 'runtime', 'tensors'],
  tables: ['tensors'],
  sets: ['tensors', 'runtime', 'models', 'saes', 'attribution', 'tables'],
  experiments: ['tensors', 'runtime', 'models', 'saes', 'attribution', 'steering', 'statistics', 'tables', 'sets'],
  vectors: ['tensors', 'models', 'saes', 'attribution', 'steering'],
  process: [],
  storage: ['statistics'],
  reports: [],
  engine: [...model, 'process'],
  archive: ['storage', 'reports', 'process', 'statistics', 'tables', 'sets'],
  cli: [...model, 'engine', 'archive', 'storage', 'reports', 'process'],
  shell: []
}

/** What reports share with the window: chart builders, and the pure helpers that say what numbers and tokens look like. */
const CHARTS = [
  '^src/renderer/charts/',
  '^src/renderer/utils/(comparability|edit-units|format|interventions|live-comparison|preflight|ranking-comparison|ranking-view|results|score-parts|switches|text-diff|tokens)\\.ts$'
]

/** Single files of other rooms that a room may import. */
const extras = { reports: CHARTS, archive: ['^src/main/sets/(prompts|read|results)\\.ts$'] }

const main = (room) => `^src/main/${room}/`
const SHARED = '^src/shared/'

const roomRules = Object.entries(rooms).map(([room, others]) => ({
  name: `${room}-imports`,
  comment: `${room} may import ${['shared', ...others].join(', ')}. Pass what it needs as an argument, or move the code to the room it belongs to.`,
  severity: 'error',
  from: { path: main(room) },
  to: { path: '^src/', pathNot: [SHARED, main(room), ...others.map(main), ...(extras[room] ?? [])] }
}))

/** Package -> the only places that may import it. */
const owners = [
  {
    name: 'electron',
    path: '^electron$|node_modules/electron/',
    only: ['^src/main/shell/', '^src/main/index\\.ts$', '^src/preload/'],
    why: 'Everything else runs in plain Node, too: the command line and the tests use the same code.'
  },
  { name: 'onnxruntime', path: 'node_modules/onnxruntime-', only: ['^src/main/runtime/'], why: 'Ask the runtime room for a session.' },
  {
    name: 'onnx-proto',
    path: 'node_modules/(onnx-proto|protobufjs)/',
    only: ['^src/main/graph/'],
    why: 'Build graphs with the graph room; it alone knows the file format.'
  },
  { name: 'tokenizers', path: 'node_modules/@huggingface/', only: ['^src/main/models/'], why: 'Ask the models room for tokens.' },
  { name: 'database', path: 'node_modules/(libsql|kysely)/', only: ['^src/main/storage/'], why: 'Ask the storage room for records.' },
  { name: 'parquet', path: 'node_modules/hyparquet', only: ['^src/main/tables/'], why: 'Write and read tables with the tables room.' },
  {
    name: 'window-packages',
    path: 'node_modules/(vue|@vue|pinia|vue-echarts|reka-ui|@tanstack|@lucide)/',
    only: ['^src/renderer/'],
    why: 'Only the window has a page.'
  }
]

const ownerRules = owners.map(({ name, path, only, why }) => ({
  name: `only-owner-of-${name}`,
  comment: `${name} is imported only in ${only.join(', ')}. ${why}`,
  severity: 'error',
  from: { path: '^src/', pathNot: only },
  to: { path, dependencyTypesNot: ['type-only'] }
}))

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that import each other cannot be understood apart: move what both need into a third.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true }
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere, or to a package that package.json does not name.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '^virtual:' }
    },
    {
      name: 'declared-packages',
      comment: 'A package that package.json does not name may be gone tomorrow.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] }
    },
    {
      name: 'shared-imports',
      comment: 'shared is what every process may know: schemas, records, words. It imports only zod and does no I/O.',
      severity: 'error',
      from: { path: SHARED },
      to: { pathNot: [SHARED, 'node_modules/zod/'] }
    },
    ...roomRules,
    {
      name: 'preload-imports',
      comment: 'The preload script is a handful of generic functions.',
      severity: 'error',
      from: { path: '^src/preload/' },
      to: { path: '^src/', pathNot: [SHARED, '^src/preload/'] }
    },
    {
      name: 'renderer-imports',
      comment: 'The window knows the other processes only through src/shared and its bridge.',
      severity: 'error',
      from: { path: '^src/renderer/' },
      to: { path: '^src/', pathNot: [SHARED, '^src/renderer/'] }
    },
    {
      name: 'renderer-has-no-node',
      comment: 'The page has no Node.',
      severity: 'error',
      from: { path: '^src/(renderer|preload)/' },
      to: { dependencyTypes: ['core'] }
    },
    {
      name: 'no-files-in-pure-rooms',
      comment: 'graph, autodiff, attribution, steering and reports are data in, data out.',
      severity: 'error',
      from: { path: '^src/main/(graph|autodiff|attribution|steering|reports)/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|fs/promises|child_process|net|http|https)$' }
    },
    {
      name: 'charts-are-pure',
      comment: 'A chart is (data) => option: it imports charts, pure helpers and types, no store, view or component.',
      severity: 'error',
      from: { path: '^src/renderer/charts/' },
      to: { path: '^src/', pathNot: [SHARED, '^src/renderer/charts/', '^src/renderer/utils/'] }
    },
    {
      name: 'bridge-only-from-stores',
      comment: 'A component does not call the bridge; the store of its noun does.',
      severity: 'error',
      from: { path: '^src/renderer/(components|views|charts|utils)/' },
      to: { path: '^src/renderer/bridge/', dependencyTypesNot: ['type-only'] }
    },
    {
      name: 'rules-stand-alone',
      comment: 'A rule or expansion is one file: what two share belongs in autodiff/ itself.',
      severity: 'error',
      from: { path: '^src/main/autodiff/(rules|expansions)/([^/]+)\\.ts$', pathNot: '/index\\.ts$' },
      to: { path: '^src/main/autodiff/(rules|expansions)/', pathNot: '^src/main/autodiff/$1/$2\\.ts$' }
    },
    {
      name: 'no-tests-in-sources',
      comment: 'The app does not depend on its tests.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tests|scripts)/' }
    },
    ...ownerRules
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.vue', '.json', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types']
    }
  }
}
