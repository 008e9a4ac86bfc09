/**
 * Required by a program that is to be killed at one exact moment (see sets-cli.test.ts): KILLED_AT is JSON of {call, file, nth}: the nth
 * time that `call` of node:fs/promises is made for a path that matches `file`. `open` is killed after half a file has been written.
 */
const fs = require('node:fs/promises')

const { call, file, nth } = JSON.parse(process.env.KILLED_AT)
const original = fs[call]
let seen = 0

fs[call] = async (path, ...rest) => {
  if (!new RegExp(file).test(String(path)) || ++seen !== nth) return original(path, ...rest)
  if (call === 'open') {
    const handle = await original(path, ...rest)
    await handle.writeFile('PAR1 and half of the rest')
  }
  process.kill(process.pid, 'SIGKILL')
}
