// A Classic client in a web page, as far as tests need one: it logs in as the ClassiCube web client does, with two extensions that
// change the size of no packet. Tests call `join` and then look at the player.

const SIZES = {
  0x00: 131,
  0x01: 1,
  0x02: 1,
  0x03: 1028,
  0x04: 7,
  0x06: 8,
  0x07: 74,
  0x08: 10,
  0x09: 7,
  0x0a: 5,
  0x0b: 4,
  0x0c: 2,
  0x0d: 66,
  0x0e: 65,
  0x0f: 2,
  0x10: 67,
  0x11: 69,
};
const EXTENSIONS = ["LongerMessages", "MessageTypes"];
const MAGIC = 0x42;
const SELF = 0xff;
const WAIT_MS = 10_000;

function text(value) {
  return Array.from(value.padEnd(64), (character) => character.charCodeAt(0));
}

function read(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 64)).trimEnd();
}

class Player {
  chat = [];
  /** Names by entity id. */
  entities = new Map();
  kick = null;
  /** Code of the close event. */
  closed = null;
  map = null;
  joined = false;
  #socket;
  #asText;
  #partial = new Uint8Array(0);
  #level = [];
  #entriesLeft = 0;
  #changes = new Set();

  /** @param asText Whether messages that are ASCII are sent as text. */
  constructor(address, name, asText) {
    this.#asText = asText;
    this.#socket = new WebSocket(address, "ClassiCube");
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#send([0, 7, ...text(name), ...text("-"), MAGIC]);
    this.#socket.onmessage = ({ data }) => this.#receive(new Uint8Array(data));
    this.#socket.onclose = ({ code }) => {
      this.closed = code;
      this.#changed();
    };
  }

  get protocol() {
    return this.#socket.protocol;
  }

  /** Waits until `probe` returns something. */
  until(probe) {
    return new Promise((resolve, reject) => {
      const settle = (then) => {
        clearTimeout(late);
        this.#changes.delete(look);
        then();
      };
      const look = () => {
        try {
          const found = probe(this);
          if (found) settle(() => resolve(found));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const fail = () => settle(() => reject(new Error(`not in time: ${probe}; ${JSON.stringify(this)}`)));
      const late = setTimeout(fail, WAIT_MS);
      this.#changes.add(look);
      look();
    });
  }

  say(line) {
    this.#send([0x0d, 0, ...text(line)]);
  }

  move(x, y, z) {
    this.#send([0x08, SELF, ...[x, y, z].flatMap((value) => [value >> 8 & 255, value & 255]), 0, 0]);
  }

  close(code) {
    this.#socket.close(code);
  }

  #send(bytes) {
    const isText = this.#asText && bytes.every((byte) => byte < 128);
    this.#socket.send(isText ? String.fromCharCode(...bytes) : Uint8Array.from(bytes));
  }

  #receive(bytes) {
    const all = new Uint8Array(this.#partial.length + bytes.length);
    all.set(this.#partial);
    all.set(bytes, this.#partial.length);
    let at = 0;
    while (at < all.length) {
      const size = SIZES[all[at]];
      if (size === undefined) throw new Error(`unknown packet ${all[at]}`);
      if (at + size > all.length) break;
      this.#take(all.subarray(at, at + size));
      at += size;
    }
    this.#partial = all.slice(at);
    this.#changed();
  }

  #take(packet) {
    const view = new DataView(packet.buffer, packet.byteOffset);
    switch (packet[0]) {
      case 0x02:
        this.#level = [];
        break;
      case 0x03:
        this.#level.push(packet.slice(3, 3 + view.getInt16(1)));
        break;
      case 0x04:
        this.#finishMap([view.getInt16(1), view.getInt16(3), view.getInt16(5)]);
        break;
      case 0x07:
        this.entities.set(packet[1], read(packet, 2));
        break;
      case 0x0c:
        this.entities.delete(packet[1]);
        break;
      case 0x0d:
        this.chat.push(read(packet, 2));
        break;
      case 0x0e:
        this.kick = read(packet, 1);
        break;
      case 0x10:
        this.#entriesLeft = view.getInt16(65);
        break;
      case 0x11:
        if (--this.#entriesLeft === 0) this.#listExtensions();
    }
    this.joined = this.map !== null && this.entities.has(SELF);
  }

  #listExtensions() {
    const entries = EXTENSIONS.flatMap((name) => [0x11, ...text(name), 0, 0, 0, 1]);
    this.#send([0x10, ...text("ClassiCube 1.3.8 Web"), 0, EXTENSIONS.length, ...entries]);
  }

  async #finishMap(size) {
    const inflated = new Blob(this.#level).stream().pipeThrough(new DecompressionStream("gzip"));
    const level = await new Response(inflated).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", level.slice(4)));
    this.map = { size, volume: new DataView(level).getInt32(0), sha256: [...digest] };
    this.joined = this.entities.has(SELF);
    this.#changed();
  }

  #changed() {
    for (const look of [...this.#changes]) look();
  }
}

/** Logs in, and waits until the player stands in a world. Returns the subprotocol and the map. */
globalThis.join = async (address, name, asText) => {
  const player = new Player(address, name, asText);
  globalThis.player = player;
  await player.until(({ joined, closed, kick }) => {
    if (closed !== null) throw new Error(`closed with ${closed}: ${kick}`);
    return joined;
  });
  return { protocol: player.protocol, map: player.map };
};
