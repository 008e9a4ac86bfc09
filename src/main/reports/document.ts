/** A report as one HTML file that needs nothing else: style and charts inside, no scripts, nothing fetched. */
import style from '../../../resources/report/report.css?raw'
import { createDraw } from './figure'
import { html, trusted, type Html } from './html'
import type { Report } from './report'
import { SECTIONS } from './sections'

/** Nothing may load and nothing may run, even if markup slipped through. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** The whole document. */
export async function buildDocument(report: Report): Promise<string> {
  const draw = await createDraw()
  const [head, ...rest] = SECTIONS.flatMap((section) => {
    const body = section.build(report, draw)
    return body === null ? [] : [{ section, body }]
  })
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="GradSAE Workbench ${report.version}" />
        <title>${report.title || report.project.name || 'Report'}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <main>
          ${head?.body}
          <nav aria-label="Contents">
            <ol>
              ${rest.map(({ section }) => contents(section.id, section.heading, report))}
            </ol>
          </nav>
          ${rest.map(
            ({ section, body }) =>
              html`<section id="${section.id}">
                <h2>${section.heading}</h2>
                ${body}
              </section>`
          )}
        </main>
      </body>
    </html> `
  return page.markup
}

/** Sections whose records the contents list one by one: how the anchors begin, and the names. */
const LISTED: Readonly<Record<string, { anchor: string; names: (report: Report) => string[] } | undefined>> = {
  rankings: { anchor: 'ranking', names: (report) => report.rankings.map(({ name }) => name) },
  comparisons: { anchor: 'comparison', names: (report) => report.comparisons.map(({ name }) => name) },
  'set-runs': { anchor: 'set-run', names: (report) => report.setRuns.map(({ run }) => run.name) },
  experiments: { anchor: 'experiment', names: (report) => report.experiments.map(({ name }) => name) }
}

function contents(id: string, heading: string, report: Report): Html {
  const listed = LISTED[id]
  const inner = (listed?.names(report) ?? []).map(
    (name, at) =>
      html`<li>
        <a href="#${listed?.anchor}-${at + 1}"><bdi>${name || `${heading} ${at + 1}`}</bdi></a>
      </li>`
  )
  return html`<li>
    <a href="#${id}">${heading}</a>${
      inner.length > 1
        ? html`<ol>
            ${inner}
          </ol>`
        : null
    }
  </li>`
}
