/**
 * Required by a program that is to be interrupted in the middle (see cli-failures.test.ts): it gets SIGINT, as from Ctrl+C, when it first
 * writes INTERRUPTED_AT to stderr, however fast it is.
 */
const write = process.stderr.write
let sent = false

process.stderr.write = function (text, ...rest) {
  if (!sent && String(text).includes(process.env.INTERRUPTED_AT)) {
    sent = true
    process.kill(process.pid, 'SIGINT')
  }
  return write.call(this, text, ...rest)
}
