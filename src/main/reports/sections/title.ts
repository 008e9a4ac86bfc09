/** Title, introduction and contents of the report. */
import { plural } from '../../../renderer/utils/format'
import { html } from '../html'
import { facts, nameOf, paragraphs, typed } from '../parts'
import type { ReportSection } from '../report'

export const title: ReportSection = {
  id: 'title',
  heading: 'Title',
  build: (report) =>
    html`<header>
      <h1 dir="auto">${nameOf({ name: report.title }, nameOf(report.project, 'Report'))}</h1>
      ${facts([
        ['Project', typed(nameOf(report.project, 'without a name'))],
        ['Written', html`<time datetime="${report.writtenAt}">${report.writtenAt.slice(0, 16).replace('T', ' ')} UTC</time>`],
        ['With', `GradSAE Workbench ${report.version}`],
        [
          'Holds',
          [
            report.rankings.length > 0 ? plural(report.rankings.length, 'ranking') : '',
            report.setRuns.length > 0 ? plural(report.setRuns.length, 'run over a prompt set', 'runs over prompt sets') : '',
            report.experiments.length > 0 ? plural(report.experiments.length, 'experiment') : '',
            report.comparisons.length > 0 ? plural(report.comparisons.length, 'steering comparison') : ''
          ]
            .filter((part) => part !== '')
            .join(', ')
        ]
      ])}
      ${paragraphs(report.introduction)}
    </header>`
}
