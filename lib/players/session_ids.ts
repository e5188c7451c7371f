/** Short names for sessions, which players read out and operators search for. */

/** Digits and letters that are not mistaken for each other. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 5;

/** Counts through the ids from a random start, so that those of the last run do not come again at once. */
export class SessionIds {
  #next = Math.floor(Math.random() * ALPHABET.length ** LENGTH);

  next(): string {
    let rest = this.#next++;
    let id = "";
    for (let i = 0; i < LENGTH; i++) {
      id = ALPHABET[rest % ALPHABET.length] + id;
      rest = Math.floor(rest / ALPHABET.length);
    }
    return id;
  }
}
