/**
 * Stops a press on a control that is disabled but still tells why on hover and focus: such a control is marked
 * `aria-disabled`, because a `disabled` one hears no pointer and takes no focus.
 */
export function blockWhen(disabled: boolean | undefined, event: Event): void {
  if (!disabled) return
  event.preventDefault()
  event.stopImmediatePropagation()
}
