/** Failures of the program and the machine: runtime, processes, projects, reports, the command line. What a text is: see shared/errors.ts. */
import type { ErrorText } from './types'

export const PROGRAM_ERRORS = {
  // runtime
  DEVICE_UNAVAILABLE: { message: 'The device "{device}" is not available here: {reason}.', fix: 'Available devices are: {supported}.' },
  RUNTIME_FAILED: {
    message: 'The inference runtime failed while {doing}: {reason}.',
    fix: 'Try the CPU device. If it goes on, copy the details and report them.'
  },
  WEIGHTS_NOT_IN_PLACE: {
    message: '{file} holds {bytes} bytes of weights compressed or transposed, more than the {limit} that are brought into order in memory.',
    fix: 'Save it again uncompressed and contiguous: as safetensors, with numpy.savez, or after tensor.contiguous().'
  },
  OUT_OF_MEMORY: {
    message: 'There was not enough memory while {doing}.',
    fix: 'Close other programs, use a shorter prompt or a smaller model.'
  },
  MEMORY_TOO_SMALL: {
    message: '{what} needs about {needed} of memory, but this machine can give {given}.',
    fix: 'Close other programs, or choose a smaller model or SAE and shorter prompts.'
  },
  // process
  ENGINE_STOPPED: {
    message: 'The {process} process stopped while it was working on this.',
    fix: 'It has been started again; run it once more. Nothing saved was lost.'
  },
  CALL_INVALID: {
    message: 'The call {call} was refused: {reason}.',
    fix: 'This is a fault of the workbench; copy the details and report them.'
  },
  UNEXPECTED: { message: 'Something went wrong that should not have: {reason}.', fix: 'Copy the details and report them.' },
  // storage
  PROJECT_INVALID: {
    message: '{path} is not a GradSAE project: {reason}.',
    fix: 'Choose a file that was saved by the workbench (.gradsae).'
  },
  PROJECT_NEWER: {
    message: '{path} was saved by a newer version of the workbench.',
    fix: 'Update the workbench to open it. The file was not changed.'
  },
  PROJECT_NOT_OPEN: { message: 'No project is open.', fix: 'Open or create a project first.' },
  PROJECT_IN_USE: { message: '{path} is in use by another program.', fix: 'Close it there, then open it again.' },
  RECORD_MISSING: { message: 'The {kind} {id} is not in this project any more.', fix: 'It may have been deleted; undo brings it back.' },
  // reports and command line
  REPORT_EMPTY: { message: 'Nothing was chosen for the report.', fix: 'Choose at least one ranking, comparison, set run or experiment.' },
  USAGE: { message: '{reason}', fix: 'Run "npm run cli -- --help" for the commands and their options.' }
} as const satisfies Record<string, ErrorText>
