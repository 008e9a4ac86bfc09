import type { TokenFormat } from '../../stores/saved'
import type { MenuItem } from '../ui'

const FORMATS: readonly { format: TokenFormat; label: string }[] = [
  { format: 'csv', label: 'Every token as CSV…' },
  { format: 'parquet', label: 'Every token as Parquet…' },
  { format: 'json', label: 'Every token as JSON…' }
]

/** Menu items that write every token of a saved comparison with its numbers; disabled where none is saved yet. */
export function tokenExports(write: (format: TokenFormat) => void, disabled = false): MenuItem[] {
  return FORMATS.map(({ format, label }, at) => ({
    label: disabled ? `${label.replace('…', '')} (save first)` : label,
    disabled,
    separated: at === 0,
    run: () => write(format),
    testid: `export-tokens-${format}`
  }))
}
