/** The sizes that everything can be shown at, in percent. */
export const ZOOMS = [80, 90, 100, 110, 125, 150, 175, 200] as const;

/** The next size up or down, or the same one at an end. A size between two steps goes to the nearest in that direction. */
export function stepped(percent: number, step: 1 | -1): number {
  const found = step > 0 ? ZOOMS.find((z) => z > percent) : ZOOMS.findLast((z) => z < percent);
  return found ?? percent;
}

/** So far has to be turned for one step: a wheel's notch is about 100, a touchpad tells small pieces. */
const NOTCH = 80;

/** Adds up what a wheel tells until it is a step. */
export class Wheel {
  private sum = 0;

  turn(delta: number): 1 | -1 | null {
    if (Math.sign(delta) !== Math.sign(this.sum)) this.sum = 0;
    this.sum += delta;
    if (Math.abs(this.sum) < NOTCH) return null;
    const step = this.sum < 0 ? 1 : -1;
    this.sum = 0;
    return step;
  }
}
