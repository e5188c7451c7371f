/**
 * Non-blocking loopback TCP straight over libc and epoll. `Deno.connect` costs the generator more CPU per packet than HAProxy needs
 * to forward it; with these sockets the generator stays cheaper than what it measures, and a send is done when it returns.
 */

if (Deno.build.os !== "linux") {
  throw new Error(`Cannot measure on this system: the bench needs Linux, this is ${Deno.build.os}`);
}

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_pwait2: { parameters: ["i32", "buffer", "i32", "buffer", "pointer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_NOSIGNAL = 0x4000;
const EINTR = 4;
const EAGAIN = 11;
const EPIPE = 32;
const ECONNRESET = 104;
const ETIMEDOUT = 110;
const ECONNREFUSED = 111;
const EINPROGRESS = 115;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 0x1;
const EPOLLOUT = 0x4;

const BACKLOG = 4096;
const MAX_EVENTS = 512;
/** The kernel packs `struct epoll_event` on x86-64 only. */
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_DATA = EVENT_SIZE - 8;
/** Size of `struct sockaddr_in`. */
const ADDRESS_SIZE = 16;
const ENABLED = new Int32Array([1]);
const NOTHING = (): void => {};

/** A system call that failed for a reason other than "not now". */
export class SocketError extends Error {
  override readonly name = "SocketError";

  constructor(action: string, readonly errno: number) {
    super(`Cannot ${action}: errno is ${errno}`);
  }
}

/** One connection of a {@linkcode Poller}. */
export class Socket {
  /** Called when there are bytes to receive, or the stream has ended or failed. */
  onReadable: () => void = NOTHING;
  /** Called when there is room to send, while {@linkcode watchRoom} asks for it. */
  onRoom: () => void = NOTHING;

  readonly #epoll: number;
  readonly #fd: number;
  readonly #open: Map<number, Socket>;
  #watchesRoom = false;

  /** Use {@linkcode Poller.connect} or {@linkcode Poller.listen}. */
  constructor(epoll: number, fd: number, open: Map<number, Socket>) {
    this.#epoll = epoll;
    this.#fd = fd;
    this.#open = open;
    checked("switch off Nagle's algorithm", libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ENABLED, ENABLED.byteLength));
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    open.set(fd, this);
  }

  get isOpen(): boolean {
    return this.#open.get(this.#fd) === this;
  }

  /**
   * Hands `bytes` to the kernel. Returns how many it took: 0 when there is no room or the connection is not up yet. What the other side
   * will never read counts as taken: {@linkcode receive} tells that the connection has ended.
   */
  send(bytes: Uint8Array<ArrayBuffer>): number {
    const sent = libc.send(this.#fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    const errno = lastErrno();
    if (isNotNow(errno)) return 0;
    if (isEnd(errno)) return bytes.length;
    throw new SocketError("send", errno);
  }

  /** Fills `into`. Returns how many bytes came, 0 when the connection has ended or never was, `undefined` when there are none now. */
  receive(into: Uint8Array<ArrayBuffer>): number | undefined {
    const received = libc.recv(this.#fd, into, BigInt(into.length), 0);
    if (received >= 0) return received;
    const errno = lastErrno();
    if (isNotNow(errno)) return undefined;
    if (isEnd(errno)) return 0;
    throw new SocketError("receive", errno);
  }

  /** Whether to call {@linkcode onRoom}. */
  watchRoom(wanted: boolean): void {
    if (wanted === this.#watchesRoom || !this.isOpen) return;
    this.#watchesRoom = wanted;
    watch(this.#epoll, EPOLL_CTL_MOD, this.#fd, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  close(): void {
    if (!this.isOpen) return;
    this.#open.delete(this.#fd);
    libc.close(this.#fd);
  }
}

/** Waits for many sockets at once. */
export class Poller implements Disposable {
  readonly #epoll = checked("create an epoll instance", libc.epoll_create1(SOCK_CLOEXEC));
  readonly #events = new DataView(new ArrayBuffer(MAX_EVENTS * EVENT_SIZE));
  readonly #timeout = new BigInt64Array(2);
  readonly #open = new Map<number, Socket>();
  readonly #accepts = new Map<number, (socket: Socket) => void>();

  /** Listens on a free port of 127.0.0.1, hands each connection to `accept`, and returns the port. */
  listen(accept: (socket: Socket) => void): number {
    const fd = openSocket();
    this.#accepts.set(fd, accept);
    checked("bind a listener", libc.bind(fd, loopback(0), ADDRESS_SIZE));
    checked("listen", libc.listen(fd, BACKLOG));
    watch(this.#epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    return boundPort(fd);
  }

  /** Begins to connect to `port` of 127.0.0.1. Until the connection is up, sends take nothing. */
  connect(port: number): Socket {
    const fd = openSocket();
    if (libc.connect(fd, loopback(port), ADDRESS_SIZE) < 0 && lastErrno() !== EINPROGRESS) {
      const errno = lastErrno();
      libc.close(fd);
      throw new SocketError(`connect to port ${port}`, errno);
    }
    return new Socket(this.#epoll, fd, this.#open);
  }

  /** Waits at most `milliseconds` (fractions count, up to a second) for events and tells the sockets of them. */
  poll(milliseconds: number): void {
    this.#timeout[1] = BigInt(Math.trunc(Math.min(Math.max(milliseconds, 0), 999) * 1e6));
    const count = libc.epoll_pwait2(this.#epoll, this.#events, MAX_EVENTS, this.#timeout, null);
    if (count < 0 && lastErrno() !== EINTR) throw new SocketError("wait for events", lastErrno());
    for (let index = 0; index < count; index++) {
      const events = this.#events.getUint32(index * EVENT_SIZE, true);
      const fd = this.#events.getInt32(index * EVENT_SIZE + EVENT_DATA, true);
      // Looked up once for each call: the owner may close any socket in between.
      if ((events & EPOLLOUT) !== 0) this.#open.get(fd)?.onRoom();
      if ((events & ~EPOLLOUT) !== 0) this.#open.get(fd)?.onReadable();
      const accept = this.#accepts.get(fd);
      if (accept !== undefined) this.#acceptAll(fd, accept);
    }
  }

  closeConnections(): void {
    for (const socket of this.#open.values()) socket.close();
  }

  /** Closes the listeners, every connection still open, and the poller itself. */
  [Symbol.dispose](): void {
    this.closeConnections();
    for (const fd of this.#accepts.keys()) libc.close(fd);
    libc.close(this.#epoll);
  }

  #acceptAll(listener: number, accept: (socket: Socket) => void): void {
    for (;;) {
      const fd = libc.accept4(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) accept(new Socket(this.#epoll, fd, this.#open));
      else if (isNotNow(lastErrno())) return;
      else throw new SocketError("accept a connection", lastErrno());
    }
  }
}

function openSocket(): number {
  return checked("open a socket", libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

function loopback(port: number): DataView<ArrayBuffer> {
  const address = new DataView(new ArrayBuffer(ADDRESS_SIZE));
  address.setUint16(0, AF_INET, true);
  address.setUint16(2, port);
  address.setUint32(4, 0x7f000001);
  return address;
}

function boundPort(fd: number): number {
  const address = new DataView(new ArrayBuffer(ADDRESS_SIZE));
  checked("read a listener's port", libc.getsockname(fd, address, new Int32Array([ADDRESS_SIZE])));
  return address.getUint16(2);
}

function watch(epoll: number, operation: number, fd: number, events: number): void {
  const event = new DataView(new ArrayBuffer(EVENT_SIZE));
  event.setUint32(0, events, true);
  event.setInt32(EVENT_DATA, fd, true);
  checked("watch a socket", libc.epoll_ctl(epoll, operation, fd, event));
}

function checked(action: string, result: number): number {
  if (result < 0) throw new SocketError(action, lastErrno());
  return result;
}

function isNotNow(errno: number): boolean {
  return errno === EAGAIN || errno === EINTR;
}

function isEnd(errno: number): boolean {
  return errno === ECONNRESET || errno === EPIPE || errno === ECONNREFUSED || errno === ETIMEDOUT;
}

function lastErrno(): number {
  const location = libc.__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}
