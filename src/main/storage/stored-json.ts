/** JSON of a column as what it is: unknown until a schema has looked at it. @throws SyntaxError */
export function storedJson(text: string): unknown {
  return JSON.parse(text)
}
