/**
 * The supervised side of `npm run fuzz`: runs cases FROM to TO of a target in a folder and says on stdout, line by line, what it is
 * doing. `case N` comes before each case, so the supervisor knows which one a crash or hang belongs to.
 */
import { writeSync } from 'node:fs'
import { prepareTarget, runCase, type Originals } from './run'
import { TARGETS } from './targets'

const REPORT_EVERY = 50

const [name = '', seed = '', from = '', to = '', folder = ''] = process.argv.slice(2)
const say = (line: string): void => void writeSync(1, `${line}\n`)

async function main(): Promise<void> {
  const target = TARGETS.find((candidate) => candidate.name === name)
  if (!target) throw new Error(`there is no target ${name}: ${TARGETS.map((known) => known.name).join(', ')}`)
  prepareTarget(target, folder)
  const originals: Originals = new Map()
  for (let number = Number(from); number < Number(to); number++) {
    say(`case ${number}`)
    try {
      say(await runCase(target, Number(seed), number, folder, originals))
    } catch (thrown) {
      say(`failed ${JSON.stringify(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))}`)
    }
    if (number % REPORT_EVERY === 0) say(`peak ${process.resourceUsage().maxRSS}`)
  }
  say(`peak ${process.resourceUsage().maxRSS}`)
}

void main()
