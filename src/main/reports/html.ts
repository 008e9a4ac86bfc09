/**
 * HTML that cannot be broken by what people type: every value put into a template is escaped, unless it is HTML already.
 */

/** Finished markup. Made only by `html` and `trusted`. */
export interface Html {
  readonly markup: string
}

type Value = string | number | Html | null | undefined | false | readonly Value[]

/** Template tag: text is escaped, Html and lists of it are put in as they are; null, undefined and false give nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: parts.reduce((markup, part, at) => markup + render(values[at - 1]) + part) }
}

/** Markup from a source that is not typed by people: a style sheet of ours, an SVG that escapes its own texts. */
export function trusted(markup: string): Html {
  return { markup }
}

/** Text as it may stand in an element or in a quoted attribute. Control characters that HTML refuses become U+FFFD. */
export function escapeText(text: string): string {
  return withoutControls(text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`))
}

/** Text or markup without the control characters that no HTML file may hold; each becomes U+FFFD. */
export function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd')
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  if (isList(value)) return value.map(render).join('')
  return value.markup
}

function isList(value: Html | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value)
}
