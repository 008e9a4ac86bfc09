/**
 * Where a PyTorch module of a Hugging Face model reads and writes, as hook points. Trainers that hook modules (sparsify,
 * dictionary_learning) name an SAE's place by the module's path: "layers.10" or "gpt_neox.layers.3.mlp".
 */

/** Hook points of a module's input and output; null where it is none that is known. */
export interface ModuleHooks {
  readonly input: string | null
  readonly output: string | null
}

const BLOCK = /^(?:.+\.)?(?:layers|h|blocks)\.(\d+)(?:\.(.+))?$/
const EMBEDDINGS = new Set(['embed_tokens', 'wte', 'embed_in'])

/**
 * A block's output is its resid_post; of its attention and MLP the output, which is what is added to the residual stream in models
 * without a norm behind them. An MLP reads the normalised residual stream, gain included. Null for a path that names no known module.
 */
export function hooksOfModule(path: string): ModuleHooks | null {
  if (EMBEDDINGS.has(path.split('.').at(-1) ?? '')) return { input: null, output: 'hook_embed' }
  const found = BLOCK.exec(path)
  if (found === null) return null
  const [, layer = '', module] = found
  const at = (name: string): string => `blocks.${layer}.${name}`
  switch (module) {
    case undefined:
      return { input: at('hook_resid_pre'), output: at('hook_resid_post') }
    case 'mlp':
      return { input: at('mlp.hook_in'), output: at('hook_mlp_out') }
    case 'attn':
    case 'attention':
    case 'self_attn':
    case 'attn.attention':
      return { input: null, output: at('hook_attn_out') }
    default:
      return null
  }
}
