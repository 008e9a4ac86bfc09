/** Files that the build puts into the code as text. */
declare module '*?raw' {
  const text: string
  export default text
}
