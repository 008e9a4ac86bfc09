import { describe, expect, test } from 'vitest'
import { escapeText, html, trusted } from '../../../src/main/reports/html'

describe('the template', () => {
  test('escapes every value, in text and in attributes', () => {
    const value = `<b>"it's" & \`x\``
    expect(html`<p title="${value}">${value}</p>`.markup).toBe(
      '<p title="&#60;b&#62;&#34;it&#39;s&#34; &#38; &#96;x&#96;">&#60;b&#62;&#34;it&#39;s&#34; &#38; &#96;x&#96;</p>'
    )
  })

  test('puts markup and lists in as they are, and leaves nothing for nothing', () => {
    expect(html`${html`<b>${'&'}</b>`}${[html`<i></i>`, '<', 3]}${null}${undefined}${false}${trusted('<hr>')}`.markup).toBe(
      '<b>&#38;</b><i></i>&#60;3<hr>'
    )
  })

  test('replaces control characters, which no HTML file may hold', () => {
    expect(escapeText('a\u0000b\u001fc\n\td')).toBe('a\ufffdb\ufffdc\n\td')
  })
})
