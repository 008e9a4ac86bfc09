import { describe, expect, it } from 'vitest'
import { isAllowedRequest, isOwnPage } from '../../../src/main/shell/trust'

const DEV = 'http://localhost:5173'

describe('the sender check', () => {
  it.each([
    ['app://workbench/index.html', null, true],
    ['app://workbench/index.html', DEV, true],
    ['app://other/index.html', null, false],
    ['http://localhost:5173/', DEV, true],
    ['http://localhost:5173/', null, false],
    ['http://localhost:5174/', DEV, false],
    ['https://localhost:5173/', DEV, false],
    ['http://localhost:5173.example.org/', DEV, false],
    ['file:///etc/passwd', null, false],
    ['about:blank', null, false],
    ['', null, false]
  ])('for %s with dev server %s says %s', (address, devServer, own) => {
    expect(isOwnPage(address, devServer)).toBe(own)
  })
})

describe('the request filter', () => {
  it.each([
    ['app://workbench/assets/index.js', null, true],
    ['data:image/png;base64,AA==', null, true],
    ['blob:app://workbench/1-2-3', null, true],
    ['devtools://devtools/bundled/inspector.html', null, true],
    ['https://example.org/', null, false],
    ['http://localhost:5173/', null, false],
    ['ws://localhost:5173/', DEV, true],
    ['ws://example.org/', DEV, false],
    ['file:///etc/passwd', null, false],
    ['ftp://example.org/', null, false],
    ['nonsense', null, false]
  ])('for %s with dev server %s says %s', (address, devServer, allowed) => {
    expect(isAllowedRequest(address, devServer)).toBe(allowed)
  })
})
