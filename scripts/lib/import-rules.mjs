/** Checks who imports whom (.dependency-cruiser.cjs). A checker that reads nothing finds nothing, so it must read enough. */
import { readdirSync } from 'node:fs'
import { cruise } from 'dependency-cruiser'
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config'
import extractTypescript from 'dependency-cruiser/config-utl/extract-ts-config'
import { inRoot } from './paths.mjs'
import { program, say } from './run.mjs'

program(async () => {
  const config = await extractConfig(inRoot('.dependency-cruiser.cjs'))
  const { output } = await cruise(['src'], { ...config.options, ruleSet: { ...config }, validate: true }, null, {
    tsConfig: extractTypescript(inRoot('tsconfig.json'))
  })
  const { violations, error } = output.summary
  const files = readdirSync(inRoot('src'), { recursive: true }).filter(
    (name) => /\.(ts|vue)$/.test(String(name)) && !String(name).endsWith('.d.ts')
  )
  const read = output.modules.filter(({ source }) => source.startsWith('src/'))
  const connected = read.filter(({ dependencies }) => dependencies.length > 0)
  for (const { from, to, rule, cycle } of violations)
    say(`${rule.name}: ${from} -> ${cycle ? cycle.map(({ name }) => name).join(' -> ') : to}\n  ${why(config, rule.name)}`)
  const blind = read.length < files.length || connected.length < files.length * 0.6
  if (blind) say(`Only ${read.length} of ${files.length} source files were read, ${connected.length} with imports: the checker is blind.`)
  say(`${read.length} files read, ${violations.length} violations`)
  return error > 0 || blind ? 1 : 0
})

const why = (config, name) => config.forbidden.find((rule) => rule.name === name)?.comment ?? ''
