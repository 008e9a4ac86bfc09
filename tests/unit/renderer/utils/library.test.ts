import { describe, expect, it } from 'vitest'
import { LibraryEntry } from '../../../../src/shared/records/settings'
import { fitOf } from '../../../../src/renderer/utils/fits'
import { accepted, isNew, preferredSae, unique } from '../../../../src/renderer/utils/library'
import { libraryRows } from '../../../../src/renderer/utils/library-rows'
import { pairKey } from '../../../../src/renderer/utils/preflight'
import { sampleModel, sampleSae } from '../../../support/infos'

describe('which SAE fits which model', () => {
  const model = sampleModel()
  const at = (hook: string, width: number) => fitOf(model, sampleSae({ hook, d_in: width, d_out: width }))

  it('goes by the width at the hook point: heads at hook_z, the MLP at hook_post, d_model elsewhere', () => {
    expect(at('blocks.1.hook_mlp_out', 16).fits).toBe(true)
    expect(at('blocks.1.attn.hook_z', 24).fits).toBe(true)
    expect(at('blocks.1.mlp.hook_post', 40).fits).toBe(true)
    expect(at('blocks.1.attn.hook_z', 16)).toEqual({ fits: false, reason: 'small is 24 wide at blocks.1.attn.hook_z, the SAE 16' })
  })

  it('names the hook point that the model does not have', () => {
    expect(at('blocks.7.hook_resid_post', 16)).toEqual({ fits: false, reason: 'small has no hook point blocks.7.hook_resid_post' })
  })

  it('asks where a transcoder reads and where it writes', () => {
    const transcoder = sampleSae({ hook: 'blocks.0.ln2.hook_normalized', hookOut: 'blocks.0.hook_mlp_out' })
    expect(fitOf(model, transcoder).fits).toBe(true)
    expect(fitOf(model, { ...transcoder, d_out: 40 }).reason).toBe('small is 16 wide at blocks.0.hook_mlp_out, the SAE writes 40')
    // Only transcoders read where nothing can be written.
    expect(fitOf(model, { ...transcoder, hookOut: null }).reason).toBe('small has no hook point blocks.0.ln2.hook_normalized')
  })

  it('takes the chosen hook point where the files name none, and any width there is without one', () => {
    const unnamed = sampleSae({ hook: null, d_in: 40, d_out: 40 })
    expect(fitOf(model, unnamed).fits).toBe(true)
    expect(fitOf(model, unnamed, 'blocks.0.mlp.hook_post').fits).toBe(true)
    expect(fitOf(model, unnamed, 'blocks.0.hook_resid_post').fits).toBe(false)
    expect(fitOf(model, { ...unnamed, d_in: 7 }).reason).toBe('small is 16 or 24 or 40 wide, the SAE 7')
  })
})

describe('entries of the list', () => {
  const entry = LibraryEntry.parse({ path: '/saes/one', kind: 'sae', hook: null })

  it('of an older workbench take the files they find', () => {
    expect(isNew(entry, sampleSae())).toBe(false)
  })

  it('notice other files by their hash, not by their time', () => {
    const known = accepted(entry, sampleSae(), 'stamp')
    expect(known).toMatchObject({ stamp: 'stamp', sae: { name: 'one' }, model: null })
    expect(isNew(known, sampleSae())).toBe(false)
    expect(isNew(known, sampleSae({ hash: 'sha256:cccc' }))).toBe(true)
  })

  it('stand once for each path, the last one counting', () => {
    expect(
      unique([
        { path: 'a', n: 1 },
        { path: 'b', n: 2 },
        { path: 'a', n: 3 }
      ])
    ).toEqual([
      { path: 'a', n: 3 },
      { path: 'b', n: 2 }
    ])
  })

  it('offer a labelled TopK SAE first', () => {
    const saes = [sampleSae({ path: '1', k: null }), sampleSae({ path: '2', labelled: true }), sampleSae({ path: '3' })]
    expect(preferredSae(saes)?.path).toBe('2')
    expect(preferredSae([])).toBeNull()
  })
})

it('the table lists models, then SAEs, and keeps what has gone astray in its place', () => {
  const gone = accepted(LibraryEntry.parse({ path: '/saes/gone', kind: 'sae', hook: null }), sampleSae({ name: 'gone' }), 's')
  const rows = libraryRows({
    models: [sampleModel()],
    saes: [
      sampleSae(),
      sampleSae({ path: '/app/own', name: 'own', hook: 'blocks.0.ln2.hook_normalized', hookOut: 'blocks.0.hook_mlp_out' })
    ],
    astray: [{ entry: gone, state: 'missing', now: null, reason: '' }],
    isBundled: (path) => path.startsWith('/app'),
    verdictOf: ({ name }) => (name === 'one' ? 'bad' : null)
  })
  expect(rows.map(({ name, state, verdict }) => [name, state, verdict])).toEqual([
    ['small', 'present', null],
    ['gone', 'missing', null],
    ['one', 'present', 'bad'],
    ['own', 'present', null]
  ])
  expect(rows[1]?.place).toBe('/saes/gone')
  expect(rows[3]).toMatchObject({ place: 'ships with the workbench', hook: 'blocks.0.ln2.hook_normalized → blocks.0.hook_mlp_out' })
})

it('a preflight is known by the files of both and by how the SAE is read, in whatever order that is written', () => {
  const [model, sae] = [sampleModel(), sampleSae()]
  expect(pairKey(model, sae, { centred: true, scale: 2 })).toBe(pairKey(model, sae, { scale: 2, centred: true, hook: undefined }))
  expect(pairKey(model, sae, { centred: true })).not.toBe(pairKey(model, sae, {}))
  expect(pairKey(model, sampleSae({ hash: 'sha256:cccc' }), {})).not.toBe(pairKey(model, sae, {}))
})
