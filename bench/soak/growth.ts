const SECONDS_PER_HOUR = 3_600;

/** How fast a number grows: the slope of the straight line that fits its samples best, without keeping them. */
export class Growth {
  #count = 0;
  #meanX = 0;
  #meanY = 0;
  #varianceX = 0;
  #covariance = 0;

  /** Adds what it was after so many seconds. */
  add(seconds: number, value: number): void {
    this.#count++;
    const hours = seconds / SECONDS_PER_HOUR;
    const offset = hours - this.#meanX;
    this.#meanX += offset / this.#count;
    this.#meanY += (value - this.#meanY) / this.#count;
    this.#varianceX += offset * (hours - this.#meanX);
    this.#covariance += offset * (value - this.#meanY);
  }

  /** By how much it grows in an hour; 0 with fewer than two samples. */
  perHour(): number {
    return this.#varianceX === 0 ? 0 : this.#covariance / this.#varianceX;
  }
}
