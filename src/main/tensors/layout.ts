/** How the elements of a tensor lie in memory. Strides are in elements. */

/** Axes a tensor may have: the bound of NumPy and PyTorch. */
export const MAX_AXES = 64

/** Product of the sizes; 1 without any. Exact up to 2^53, and not a safe integer beyond. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Strides of a tensor whose last axis runs fastest. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis] ?? 1
  }
  return strides
}

/** Strides of a tensor whose first axis runs fastest (Fortran order). */
export function columnMajor(shape: readonly number[]): number[] {
  return rowMajor([...shape].reverse()).reverse()
}

/** Whether elements in row-major order lie one after the other. Steps along axes of size 1, and of empty tensors, do not matter. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true
  const wanted = rowMajor(shape)
  return shape.every((size, axis) => size === 1 || strides[axis] === wanted[axis])
}

/** Elements from the first to the last one reached, both included; 0 for an empty tensor. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0
  return shape.reduce((span, size, axis) => span + (size - 1) * (strides[axis] ?? 0), 1)
}
