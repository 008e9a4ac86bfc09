import { describe, expect, it } from 'vitest'
import {
  errorShare,
  latentScores,
  layerNames,
  layerScores,
  layerShares,
  markLayer,
  neighbour,
  scoresOfAll,
  shortHook
} from '../../../../src/renderer/utils/layers'
import { layerOf, layersOf } from '../support'

describe('names of layers', () => {
  it.each([
    ['blocks.3.hook_resid_post', '3 resid_post'],
    ['blocks.12.attn.hook_z', '12 attn_z'],
    ['blocks.0.mlp.hook_post', '0 mlp_post'],
    ['somewhere', 'somewhere']
  ])('%s is %s', (hook, name) => expect(shortHook(hook)).toBe(name))

  it('say what tells the SAEs of one hook point apart', () => {
    const at = (hook: string, sae: Partial<ReturnType<typeof layerOf>['sae']>) => {
      const layer = layerOf(hook, [])
      return { ...layer, sae: { ...layer.sae, ...sae } }
    }
    const hook = 'blocks.1.hook_resid_post'
    expect(layerNames([at(hook, {}), at('blocks.2.hook_resid_post', {})])).toEqual(['1 resid_post', '2 resid_post'])
    expect(layerNames([at(hook, { architecture: 'topk' }), at(hook, { architecture: 'gated' })])).toEqual([
      '1 resid_post topk',
      '1 resid_post gated'
    ])
    expect(layerNames([at(hook, { d_sae: 64 }), at(hook, { d_sae: 128 })])).toEqual(['1 resid_post 64', '1 resid_post 128'])
    expect(layerNames([at(hook, { name: `${hook}-x` }), at(hook, { name: 'y' })])).toEqual(['1 resid_post x', '1 resid_post y'])
    expect(layerNames([at(hook, {}), at(hook, {})])).toEqual(['1 resid_post #1', '1 resid_post #2'])
  })
})

describe('numbers of layers', () => {
  const first = layerOf('blocks.0.hook_resid_post', [
    { latent: 4, position: 0, score: 2 },
    { latent: 4, position: 2, score: -1 },
    { latent: 9, position: 2, score: 0.5 }
  ])
  const second = layerOf('blocks.1.hook_resid_post', [{ latent: 4, position: 1, score: 0.5 }])
  const ranking = layersOf([first, second])

  it('are shares of the whole', () => {
    expect(layerShares([first, second])).toEqual([0.875, 0.125])
    expect(layerShares([layerOf('blocks.0.hook_resid_post', [])])).toEqual([0])
  })

  it('by position are those of a latent, of a layer with signs, and of all layers without', () => {
    expect([...latentScores(first, 4)]).toEqual([2, 0, -1])
    expect([...layerScores(first)]).toEqual([2, 0, -0.5])
    expect([...scoresOfAll(ranking)]).toEqual([2, 0.5, 1.5])
  })

  it('of the error are of the parts’ sizes', () => {
    expect(errorShare({ total: 1, latents: 2, decoderBias: -1, error: 1, relativeGap: 0 })).toBe(0.25)
    expect(errorShare({ total: 0, latents: 0, decoderBias: 0, error: 0, relativeGap: 0 })).toBe(0)
  })

  it('the keyboard goes from cell to cell and stays inside', () => {
    const go = (from: [number, number] | null, key: string) => {
      const found = neighbour(ranking.layers, from && { layer: from[0], latent: from[1] }, key, 5)
      return found && [found.layer, found.latent]
    }
    expect(go(null, 'ArrowDown')).toEqual([0, 4])
    expect(go([0, 4], 'ArrowDown')).toEqual([0, 9])
    expect(go([0, 9], 'ArrowDown')).toEqual([0, 9])
    expect(go([0, 9], 'ArrowRight')).toEqual([1, 4])
    expect(go([1, 4], 'ArrowRight')).toEqual([1, 4])
    expect(go([0, 9], 'Home')).toEqual([0, 4])
    expect(go([0, 4], 'End')).toEqual([0, 9])
    expect(neighbour([], null, 'ArrowDown', 5)).toBeNull()
  })

  it('a mark names its layer', () => {
    expect(markLayer({ layer: 2 })).toBe(2)
    expect(markLayer({ latent: 2 })).toBeNull()
    expect(markLayer(null)).toBeNull()
  })
})
