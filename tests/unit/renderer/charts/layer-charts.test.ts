import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { layerLatents, type LayerLatentsData } from '../../../../src/renderer/charts/layer-latents'
import { layerPositions, type LayerPositionsData } from '../../../../src/renderer/charts/layer-positions'
import { layerShare, type LayerShare } from '../../../../src/renderer/charts/layer-share'
import { themes } from '../../../../src/renderer/charts/theme'
import { renderSvg } from '../../../../src/renderer/components/ui/echarts'

const theme = themes.light
const Marks = z.array(z.object({ data: z.array(z.looseObject({ value: z.unknown(), layer: z.number() })) }))
const marks = (view: { option: { series?: unknown } }) => Marks.parse(view.option.series)[0]?.data ?? []
const Tooltip = z.object({ formatter: z.custom<(point: unknown) => string>((value) => typeof value === 'function') })
const tip = (view: { option: { tooltip?: unknown } }, dataIndex: number): string =>
  Tooltip.parse(view.option.tooltip).formatter({ dataIndex })

describe('latents by layer', () => {
  const latent = (number: number, score: number, label: string | null = null) => ({ latent: number, score, label, maxActivation: 2 })
  const data: LayerLatentsData = {
    layers: [
      { name: '0 resid_post', hook: 'blocks.0.hook_resid_post', sae: 'a', share: 0.25, latents: [latent(7, 0.5, '<i>cat</i>')] },
      {
        name: '1 resid_post',
        hook: 'blocks.1.hook_resid_post',
        sae: 'b',
        share: 0.75,
        latents: [latent(3, -2), latent(4, 1), latent(5, 0.1)]
      }
    ],
    count: 2,
    selected: { layer: 1, latent: 4 },
    unit: 'logit'
  }
  const view = layerLatents(data, theme)

  it('draw the best of every layer, each naming its layer and latent', () => {
    expect(marks(view).map(({ layer, latent: number, value }) => [layer, number, value])).toEqual([
      [0, 7, [0, 0, 0.5]],
      [1, 3, [1, 0, -2]],
      [1, 4, [1, 1, 1]]
    ])
  })

  it('say the strongest latent and the widest layer, and give all as a table', () => {
    expect(view.summary).toBe(
      'The best latents of 2 layers. Strongest: latent 3 at blocks.1.hook_resid_post, −2 logit. blocks.1.hook_resid_post holds 75\u00a0% of all |score|.'
    )
    expect(view.table.rows).toEqual([
      ['blocks.0.hook_resid_post', 'a', 1, 7, '<i>cat</i>', 0.5],
      ['blocks.1.hook_resid_post', 'b', 1, 3, null, -2],
      ['blocks.1.hook_resid_post', 'b', 2, 4, null, 1]
    ])
  })

  it('escape labels, which come from files', () => {
    expect(tip(view, 0)).toContain('&#60;i&#62;cat')
    expect(tip(view, 9)).toBe('')
  })

  it('are coloured on one scale, carry numbers and labels where there is room, and frame the chosen one', () => {
    const svg = renderSvg(view.option, 600, 300, '#ffffff')
    // The strongest, −2, has the strong end of the scale; 1 is half way up, 0.5 a quarter.
    expect(svg).toContain(theme.divergingSoft[0])
    expect(svg).toContain('>7  &lt;i&gt;cat&lt;/i&gt;<')
    expect(svg).toContain('>4<')
    expect(svg).toContain(`stroke="${theme.accent}"`)
    expect(svg).toContain('>1 resid_post<')
    expect(svg).toContain('>75\u00a0%<')
    const small = renderSvg(view.option, 90, 300, '#ffffff')
    expect(small).not.toContain('>4<')
    expect(small).not.toContain('cat')
  })

  it('say so when there is nothing', () => {
    expect(layerLatents({ ...data, layers: [] }, theme).summary).toBe('No latent is active in any layer.')
  })
})

describe('layers by position', () => {
  const data: LayerPositionsData = {
    layers: [
      { name: '0 resid_post', hook: 'blocks.0.hook_resid_post', byPosition: [0, 1] },
      { name: '1 resid_post', hook: 'blocks.1.hook_resid_post', byPosition: [3, 2] }
    ],
    tokens: ['<s>', '<b>'],
    layer: null,
    position: 1,
    unit: 'logit'
  }
  const view = layerPositions(data, theme)

  it('has one cell for each layer and token, from zero up', () => {
    expect(marks(view).map(({ value }) => value)).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [0, 1, 3],
      [1, 1, 2]
    ])
    expect(view.option.visualMap).toMatchObject({ min: 0, max: 3 })
    expect(view.table.rows).toHaveLength(4)
  })

  it('says where the most is, and escapes tokens', () => {
    expect(view.summary).toContain('Most: blocks.1.hook_resid_post at token 0 “<s>”, 3 logit.')
    expect(tip(view, 1)).toContain('&#60;b&#62;')
  })

  it('says so when nothing has influence', () => {
    const none = { ...data, layers: data.layers.map((layer) => ({ ...layer, byPosition: [0, 0] })) }
    expect(layerPositions(none, theme).summary).toBe('No layer has influence at any token.')
  })
})

describe('the share of each layer', () => {
  const layer = (hook: string, share: number): LayerShare => ({
    name: hook,
    hook,
    share,
    sum: 4 * share,
    errorShare: 0.1,
    total: 2,
    active: 9,
    fvu: 0.2,
    l0: 5
  })
  const view = layerShare(
    { layers: [layer('blocks.0.hook_resid_post', 0.25), layer('blocks.1.hook_resid_post', 0.75)], layer: 1, unit: 'logit' },
    theme
  )

  it('is drawn in the order of the forward pass and told from the largest', () => {
    expect(marks(view).map(({ layer: at, value }) => [at, value])).toEqual([
      [0, 0.25],
      [1, 0.75]
    ])
    expect(view.summary).toBe('Share of all |score|: blocks.1.hook_resid_post 75\u00a0%, blocks.0.hook_resid_post 25\u00a0%.')
  })

  it('says what the error term holds', () => {
    expect(tip(view, 0)).toContain('of which the error term holds 10\u00a0%')
    expect(view.table.rows[0]).toEqual(['blocks.0.hook_resid_post', 0.25, 1, 2, 0.1, 9, 5, 0.2])
  })
})
