/**
 * Linux system calls by way of libc. All that is unsafe about the epoll driver is in this file: every pointer the kernel is given is
 * the beginning of a buffer of at least the size it is told, and no call outlives its buffers but {@linkcode Libc.waitElsewhere}.
 *
 * As in the kernel, what fails returns a negative number, `-errno`. Calls that a signal interrupts are made again.
 */
import { messageOf } from "../../error_message.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  epoll_wait_elsewhere: {
    name: "epoll_wait",
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  strerror: { parameters: ["i32"], result: "pointer" },
  usleep: { parameters: ["u32"], result: "i32", nonblocking: true },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Names that the C library goes by, on glibc and on musl. */
const LIBRARIES = ["libc.so.6", "libc.so"];

/** Numbers of Linux's ABI, the same on x86-64 and aarch64. */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_SEQPACKET = 5;
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLET = 0x80000000;
/** What tells that the peer ends, or that the connection breaks. */
export const HANGUP = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
/** What makes reading worth while: bytes, or the end. */
export const READABLE = EPOLLIN | HANGUP;
/** What makes writing worth while: room, or a failure to learn of. */
export const WRITABLE = EPOLLOUT | EPOLLHUP | EPOLLERR;
export const ENOENT = 2;
export const EINTR = 4;
export const EAGAIN = 11;
export const EACCES = 13;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EINPROGRESS = 115;
/** Milliseconds of a wait that lasts until something happens. */
export const FOREVER = -1;
/** Bytes that the longest address takes, that of a Unix socket. */
export const ADDRESS_SIZE = 110;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CLOEXEC = 0x80000;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const MSG_NOSIGNAL = 0x4000;
const MSG_CTRUNC = 0x8;
const MSG_CMSG_CLOEXEC = 0x40000000;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SHUT_WR = 1;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;

/** The kernel packs `struct epoll_event` on x86-64 only. */
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_FD = EVENT_SIZE - 8;
const EVENT_TAG = EVENT_SIZE - 4;
/** Sizes of `struct msghdr`, `struct iovec` and `struct cmsghdr` where pointers have 64 bits. */
const MSGHDR_SIZE = 56;
const IOVEC_SIZE = 16;
const CMSGHDR_SIZE = 16;
/** Descriptors that one message carries at most; the kernel takes 253. */
export const MAX_DESCRIPTORS = 64;

const ON = new Int32Array([1]);
/** Small sizes as the kernel takes them, once each was needed. */
const sizes = new Array<bigint | undefined>(4 << 10);
const INT_SIZE = 4;

/** What {@linkcode Libc.receiveDescriptors} found. */
export interface DescriptorMessage {
  /** Bytes read into the buffer; 0 at the end of the stream, negative for `-errno`. */
  readonly count: number;
  /** Descriptors that belong to the caller now. */
  readonly descriptors: readonly number[];
}

/** What the kernel has to tell about descriptors that an epoll instance watches. */
export class EpollEvents {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#bytes = new Uint8Array(capacity * EVENT_SIZE);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** What happened, as a sum of `EPOLLIN` and the like. */
  flags(index: number): number {
    return this.#view.getUint32(index * EVENT_SIZE, true);
  }

  descriptor(index: number): number {
    return this.#view.getInt32(index * EVENT_SIZE + EVENT_FD, true);
  }

  /** What {@linkcode Libc.watch} was given, which tells a descriptor from an earlier one of the same number. */
  tag(index: number): number {
    return this.#view.getUint32(index * EVENT_SIZE + EVENT_TAG, true);
  }
}

/** See the file's first line. */
export class Libc {
  readonly #symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  readonly #errno: Deno.UnsafePointerView;
  readonly #message = new Message();
  /** What the kernel is pointed to during one call: new ones for each would cost more than the call. */
  readonly #event = new DataView(new ArrayBuffer(EVENT_SIZE));
  readonly #size = new Uint32Array(new ArrayBuffer(INT_SIZE));
  readonly #value = new Int32Array(new ArrayBuffer(INT_SIZE));

  /** @throws {Error} where the library cannot be loaded: no permission, or another system */
  constructor() {
    this.#symbols = load();
    const location = this.#symbols.__errno_location();
    if (location === null) throw new Error("Cannot use libc: it tells no errno");
    this.#errno = new Deno.UnsafePointerView(location);
  }

  /** The system's words for an error, as Deno has them. */
  describe(errno: number): string {
    const text = this.#symbols.strerror(errno);
    const words = text === null ? "Unknown error" : Deno.UnsafePointerView.getCString(text);
    return `${words} (os error ${errno})`;
  }

  createEpoll(): number {
    return this.#result(this.#symbols.epoll_create1(EPOLL_CLOEXEC));
  }

  /** A descriptor that {@linkcode signal} makes readable. */
  createSignal(): number {
    return this.#result(this.#symbols.eventfd(0, SOCK_NONBLOCK | SOCK_CLOEXEC));
  }

  signal(descriptor: number): void {
    this.#symbols.write(descriptor, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), 8n);
  }

  clearSignal(descriptor: number): void {
    this.#symbols.read(descriptor, new Uint8Array(8), 8n);
  }

  /** Has `epoll` tell of `events`, as a sum of `EPOLLIN` and the like, together with `tag`, of 32 bits. */
  watch(epoll: number, descriptor: number, events: number, tag: number): number {
    const event = this.#event;
    event.setUint32(0, events, true);
    event.setInt32(EVENT_FD, descriptor, true);
    event.setUint32(EVENT_TAG, tag, true);
    return this.#result(this.#symbols.epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, event));
  }

  /** Has `epoll` tell no more of a descriptor that stays open. */
  unwatch(epoll: number, descriptor: number): number {
    return this.#result(this.#symbols.epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, this.#event));
  }

  /** Waits at most that long; blocks the thread meanwhile. Returns how many `events` there are. */
  wait(epoll: number, events: EpollEvents, milliseconds: number): number {
    const count = this.#symbols.epoll_wait(epoll, events.bytes, events.capacity, milliseconds);
    if (count >= 0) return count;
    const errno = this.#errno.getInt32();
    return errno === EINTR ? 0 : -errno;
  }

  /**
   * As {@linkcode wait}, on another thread; `milliseconds` may be {@linkcode FOREVER}. `events` must be left alone until this resolves.
   * An error cannot be told from here, since errno is the other thread's: it counts as nothing.
   */
  async waitElsewhere(epoll: number, events: EpollEvents, milliseconds: number): Promise<number> {
    return Math.max(0, await this.#symbols.epoll_wait_elsewhere(epoll, events.bytes, events.capacity, milliseconds));
  }

  /** Has another thread sleep for that many microseconds. */
  async sleepElsewhere(microseconds: number): Promise<void> {
    await this.#symbols.usleep(microseconds);
  }

  /** A socket that never blocks and that no child inherits. */
  socket(family: number, type: number): number {
    return this.#result(this.#symbols.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  /** @param address As the kernel has it, see `socket_address.ts`. */
  bind(descriptor: number, address: Uint8Array<ArrayBuffer>): number {
    return this.#result(this.#symbols.bind(descriptor, address, address.length));
  }

  listen(descriptor: number, backlog: number): number {
    return this.#result(this.#symbols.listen(descriptor, backlog));
  }

  connect(descriptor: number, address: Uint8Array<ArrayBuffer>): number {
    return this.#result(this.#symbols.connect(descriptor, address, address.length));
  }

  /** Takes the next connection of a listener, and writes its peer's address into `address`. */
  accept(descriptor: number, address: Uint8Array<ArrayBuffer>): number {
    const flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    while (true) {
      const accepted = this.#symbols.accept4(descriptor, address, this.#roomIn(address), flags);
      if (accepted >= 0) return accepted;
      const errno = this.#errno.getInt32();
      if (errno !== EINTR) return -errno;
    }
  }

  ownAddress(descriptor: number, address: Uint8Array<ArrayBuffer>): number {
    return this.#result(this.#symbols.getsockname(descriptor, address, this.#roomIn(address)));
  }

  peerAddress(descriptor: number, address: Uint8Array<ArrayBuffer>): number {
    return this.#result(this.#symbols.getpeername(descriptor, address, this.#roomIn(address)));
  }

  /** Reads at most `into.length` bytes. Returns how many; 0 at the end of the stream. */
  receive(descriptor: number, into: Uint8Array<ArrayBuffer>, size: bigint): number {
    if (size > into.length) throw new RangeError(`Cannot receive: current value is ${size} of ${into.length}`);
    while (true) {
      const count = this.#symbols.recv(descriptor, into, size, 0);
      if (count >= 0) return count;
      const errno = this.#errno.getInt32();
      if (errno !== EINTR) return -errno;
    }
  }

  /** Sends the first `count` of `bytes`. Returns how many of them the kernel took. */
  send(descriptor: number, bytes: Uint8Array<ArrayBuffer>, count: number): number {
    if (count > bytes.length) throw new RangeError(`Cannot send: current value is ${count} of ${bytes.length}`);
    while (true) {
      const sent = this.#symbols.send(descriptor, bytes, sizeOf(count), MSG_NOSIGNAL);
      if (sent >= 0) return sent;
      const errno = this.#errno.getInt32();
      if (errno !== EINTR) return -errno;
    }
  }

  /** Sends no more: the peer reads the end of the stream. */
  finish(descriptor: number): number {
    return this.#result(this.#symbols.shutdown(descriptor, SHUT_WR));
  }

  /** The number is free for another descriptor at once, whatever this returns, so that it must never be called twice. */
  close(descriptor: number): void {
    this.#symbols.close(descriptor);
  }

  /** The errno that a connection failed with, 0 where it did not. */
  failure(descriptor: number): number {
    const value = this.#value;
    const asked = this.#symbols.getsockopt(descriptor, SOL_SOCKET, SO_ERROR, value, this.#roomIn(value));
    return asked < 0 ? this.#errno.getInt32() : value[0] ?? 0;
  }

  /** The user that is at the other end of a Unix socket; negative for `-errno`. */
  peerUser(descriptor: number): number {
    const credentials = new Int32Array(3);
    const size = this.#roomIn(credentials);
    const asked = this.#symbols.getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, size);
    return asked < 0 ? -this.#errno.getInt32() : credentials[1] ?? -1;
  }

  /** Has small writes sent at once, and silent peers asked whether they are still there. What a listener accepts is as the listener is. */
  tune(descriptor: number): void {
    this.#symbols.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, ON, INT_SIZE);
    this.#symbols.setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, ON, INT_SIZE);
  }

  /** Has an address usable again although old connections through it are still about. */
  reuseAddress(descriptor: number): number {
    return this.#result(this.#symbols.setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, ON, INT_SIZE));
  }

  /** Sends `bytes` over a Unix socket together with copies of `descriptors`, which stay the caller's. */
  sendDescriptors(descriptor: number, bytes: Uint8Array<ArrayBuffer>, descriptors: readonly number[]): number {
    if (bytes.length === 0 || descriptors.length > MAX_DESCRIPTORS) {
      throw new RangeError(
        `Cannot send descriptors: current value is ${descriptors.length} with ${bytes.length} bytes`,
      );
    }
    this.#message.hold(bytes);
    this.#message.setDescriptors(descriptors);
    while (true) {
      const sent = this.#symbols.sendmsg(descriptor, this.#message.header, MSG_NOSIGNAL);
      if (sent >= 0) return sent;
      const errno = this.#errno.getInt32();
      if (errno !== EINTR) return -errno;
    }
  }

  /** Reads one message of a Unix socket, at most `into.length` bytes of it, and the descriptors that came with it. */
  receiveDescriptors(descriptor: number, into: Uint8Array<ArrayBuffer>): DescriptorMessage {
    const message = this.#message;
    message.hold(into);
    let count: number;
    do {
      message.makeRoom();
      count = this.#symbols.recvmsg(descriptor, message.header, MSG_CMSG_CLOEXEC);
    } while (count < 0 && this.#errno.getInt32() === EINTR);
    if (count < 0) return { count: -this.#errno.getInt32(), descriptors: [] };
    const { descriptors } = message;
    if (!message.isCut) return { count, descriptors };
    for (const excess of descriptors) this.close(excess);
    throw new RangeError(
      `Cannot receive descriptors: there was no room for all of them, of ${MAX_DESCRIPTORS} at most`,
    );
  }

  /** How much room the kernel has in `bytes`. */
  #roomIn({ byteLength }: Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    this.#size[0] = byteLength;
    return this.#size;
  }

  #result(value: number): number {
    return value < 0 ? -this.#errno.getInt32() : value;
  }
}

function load(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  const failures: string[] = [];
  for (const name of LIBRARIES) {
    try {
      return Deno.dlopen(name, SYMBOLS).symbols;
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new Error(`Cannot load libc: ${failures.join("; ")}`);
}

/**
 * A `struct msghdr` with the `struct iovec` and the control message that it points to. They are kept for as long as the library, so that
 * what the kernel is pointed to is always there.
 */
class Message {
  readonly header = new DataView(new ArrayBuffer(MSGHDR_SIZE));
  readonly #vector = new DataView(new ArrayBuffer(IOVEC_SIZE));
  readonly #control = new DataView(new ArrayBuffer(CMSGHDR_SIZE + MAX_DESCRIPTORS * INT_SIZE));
  /** Not to be collected while the kernel is pointed to it. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor() {
    this.header.setBigUint64(16, addressOf(this.#vector), true);
    this.header.setBigUint64(24, 1n, true);
    this.header.setBigUint64(32, addressOf(this.#control), true);
  }

  /** Points to the bytes that are to be sent or filled. */
  hold(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#vector.setBigUint64(0, addressOf(this.#bytes), true);
    this.#vector.setBigUint64(8, BigInt(bytes.length), true);
  }

  setDescriptors(descriptors: readonly number[]): void {
    const size = descriptors.length === 0 ? 0 : CMSGHDR_SIZE + descriptors.length * INT_SIZE;
    this.#control.setBigUint64(0, BigInt(size), true);
    this.#control.setInt32(8, SOL_SOCKET, true);
    this.#control.setInt32(12, SCM_RIGHTS, true);
    for (const [index, descriptor] of descriptors.entries()) {
      this.#control.setInt32(CMSGHDR_SIZE + index * INT_SIZE, descriptor, true);
    }
    // The kernel wants the space of the control message padded to whole words.
    this.header.setBigUint64(40, BigInt(Math.ceil(size / 8) * 8), true);
  }

  /** Lets the kernel write a control message. */
  makeRoom(): void {
    this.header.setBigUint64(40, BigInt(this.#control.byteLength), true);
  }

  /** The descriptors that the kernel wrote: it writes one control message of this kind at most. */
  get descriptors(): readonly number[] {
    const size = Number(this.header.getBigUint64(40, true));
    const control = this.#control;
    if (size < CMSGHDR_SIZE) return [];
    if (control.getInt32(8, true) !== SOL_SOCKET || control.getInt32(12, true) !== SCM_RIGHTS) return [];
    const end = Math.min(size, Number(control.getBigUint64(0, true)), control.byteLength);
    const descriptors: number[] = [];
    for (let at = CMSGHDR_SIZE; at + INT_SIZE <= end; at += INT_SIZE) descriptors.push(control.getInt32(at, true));
    return descriptors;
  }

  /** Whether there were more descriptors than room for them. */
  get isCut(): boolean {
    return (this.header.getUint32(48, true) & MSG_CTRUNC) !== 0;
  }
}

function addressOf(bytes: Uint8Array<ArrayBuffer> | DataView<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** `size_t` for libc: what is made once costs nothing. */
function sizeOf(count: number): bigint {
  if (count >= sizes.length) return BigInt(count);
  return sizes[count] ??= BigInt(count);
}
