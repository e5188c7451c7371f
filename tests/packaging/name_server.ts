/** A name server that knows few names, for IPv4; RFC 1035. */
const PORT = 53;
const HEADER_SIZE = 12;
const TYPE_A = 1;
const NO_SUCH_NAME = 3;

export class NameServer implements Disposable {
  /** An address of loopback that nobody else has. */
  readonly address: string;
  readonly #socket: Deno.DatagramConn;
  readonly #names: Readonly<Record<string, string>>;

  private constructor(address: string, names: Readonly<Record<string, string>>) {
    this.address = address;
    this.#names = names;
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: address, port: PORT });
    this.#serve();
  }

  /** @param names Each with its address. */
  static start(names: Readonly<Record<string, string>>): NameServer {
    const [a = 0, b = 0] = crypto.getRandomValues(new Uint8Array(2));
    return new NameServer(`127.53.${a}.${b}`, names);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #serve(): Promise<void> {
    for await (const [question, from] of this.#socket) await this.#socket.send(this.#answer(question), from);
  }

  #answer(question: Uint8Array): Uint8Array {
    const { name, end } = nameIn(question);
    const type = question[end + 1];
    const asked = question.slice(0, end + 4);
    const address = this.#names[name];
    const found = address !== undefined && type === TYPE_A;
    // A response to a recursive query, with one question and an answer or none.
    asked.set([0x81, 0x80 | (address === undefined ? NO_SUCH_NAME : 0), 0, 1, 0, Number(found), 0, 0, 0, 0], 2);
    if (!found) return asked;
    // The name of the question, type A, class IN, a time to live of 0, and four bytes.
    const record = [0xc0, HEADER_SIZE, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split(".").map(Number)];
    return new Uint8Array([...asked, ...record]);
  }
}

/** The name that is asked for, and where it ends. */
function nameIn(question: Uint8Array): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_SIZE;
  while (true) {
    const size = question[at++] ?? 0;
    if (size === 0) return { name: labels.join("."), end: at };
    labels.push(new TextDecoder().decode(question.subarray(at, at + size)));
    at += size;
  }
}
