import { sep } from 'node:path'
import { expect, it } from 'vitest'
import { CONTENT_SECURITY_POLICY, START_PAGE, assetFile, assetHeaders } from '../../../src/main/shell/assets'

const ROOT = ['', 'app', 'out', 'renderer'].join(sep)

it('finds the files of the built window', () => {
  expect(assetFile(ROOT, START_PAGE)).toBe([ROOT, 'index.html'].join(sep))
  expect(assetFile(ROOT, 'app://workbench/assets/index-1a2b.js?x=1#y')).toBe([ROOT, 'assets', 'index-1a2b.js'].join(sep))
})

it.each(['app://workbench/../../secret.json', 'app://workbench/%2e%2e/%2e%2e/secret.json'])(
  'takes the dots of %s for the root itself',
  (address) => {
    expect(assetFile(ROOT, address)).toBe([ROOT, 'secret.json'].join(sep))
  }
)

it.each([
  ['a way out by escaped slashes', 'app://workbench/..%2f..%2f..%2fsecret.json'],
  ['a way out by backslashes', 'app://workbench/..%5c..%5csecret.json'],
  ['a folder that begins like the root', 'app://workbench/..%2frenderer-evil%2findex.html'],
  ['another host', 'app://elsewhere/index.html'],
  ['another scheme', 'file:///app/out/renderer/index.html'],
  ['a zero byte', 'app://workbench/index.html%00.js'],
  ['a broken escape', 'app://workbench/%zz.html'],
  ['a file of no known type', 'app://workbench/model.safetensors'],
  ['the folder itself', 'app://workbench/'],
  ['no address at all', 'index.html']
])('refuses %s', (_what, address) => {
  expect(assetFile(ROOT, address)).toBeNull()
})

it('sends the policy and a fixed type with every file', () => {
  expect(assetHeaders('index.html')).toMatchObject({
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff'
  })
})

it('lets no generated code and no inline script run', () => {
  const scripts = CONTENT_SECURITY_POLICY.split('; ').find((rule) => rule.startsWith('script-src'))
  expect(scripts).toBe("script-src 'self'")
  expect(CONTENT_SECURITY_POLICY).toContain("default-src 'none'")
})
