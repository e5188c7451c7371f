import { ADDRESS_SIZE, AF_INET, AF_INET6, AF_UNIX } from "../../../lib/transport/epoll/libc.ts";
import {
  familyOf,
  readSocketAddress,
  socketAddress,
  unixAddress,
} from "../../../lib/transport/epoll/socket_address.ts";
import { assert, assertEquals } from "../../harness/assert.ts";

/** What the kernel would write for `ip`. */
function written(ip: string, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ADDRESS_SIZE);
  bytes.set(socketAddress(ip, port) ?? []);
  return bytes;
}

Deno.test("an address is laid out as the kernel has it", () => {
  assertEquals([...socketAddress("192.0.2.7", 0x6389) ?? []], [2, 0, 0x63, 0x89, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
  const six = socketAddress("2001:db8::7", 1) ?? new Uint8Array();
  assertEquals(six.length, 28);
  assertEquals([...six.subarray(0, 8)], [10, 0, 0, 1, 0, 0, 0, 0]);
  assertEquals([...six.subarray(8)], [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0]);
  assertEquals([...unixAddress("/a")], [1, 0, 0x2f, 0x61, 0]);
  assertEquals(["1.2.3.4", "::"].map((ip) => familyOf(written(ip, 0))), [AF_INET, AF_INET6]);
  assertEquals(familyOf(unixAddress("/a")), AF_UNIX);
});

Deno.test("an address is read as it was written, in its shortest form", () => {
  for (const ip of ["0.0.0.0", "255.255.255.255", "127.3.2.1", "::", "::1", "2001:db8::7", "1:2:3:4:5:6:7:8"]) {
    assertEquals(readSocketAddress(written(ip, 65535)), { transport: "tcp", hostname: ip, port: 65535 });
  }
  assertEquals(readSocketAddress(written("::ffff:192.0.2.7", 1)).hostname, "192.0.2.7");
  assertEquals(readSocketAddress(written("2001:DB8:0:0:0:0:0:7", 1)).hostname, "2001:db8::7");
});

Deno.test("what is no IP address is none", () => {
  for (const text of ["localhost", "", "1.2.3", "1.2.3.256", "fe80::1%eth0", ":::", "1:2:3:4:5:6:7:8:9"]) {
    assertEquals(socketAddress(text, 1), undefined, text);
  }
  assertEquals(readSocketAddress(unixAddress("/somewhere")).hostname, "");
  assert(unixAddress("/".repeat(107)).length === ADDRESS_SIZE);
});
