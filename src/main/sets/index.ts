/** What the engine uses of sets. What needs no model is imported by its file: prompts, read, results, shards. */
export { estimateSet } from './estimate'
export { runSet } from './run'
