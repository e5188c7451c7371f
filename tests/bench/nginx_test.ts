import { streamModule } from "../../bench/peers/nginx.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("streamModule() tells from what nginx -V prints where the stream module is", () => {
  const cases = [
    ["--prefix=/etc/nginx --with-stream --with-stream_ssl_module", { kind: "built-in" }],
    ["--with-stream_ssl_module --with-stream", { kind: "built-in" }],
    ["--modules-path=/m --with-stream=dynamic --with-mail", { kind: "loadable", path: "/m/ngx_stream_module.so" }],
    ["--prefix=/p --with-stream=dynamic", { kind: "loadable", path: "/p/modules/ngx_stream_module.so" }],
    ["--prefix=/p --with-stream_ssl_module", { kind: "none" }],
    ["", { kind: "none" }],
  ] as const;
  for (const [text, expected] of cases) assertEquals(streamModule(text), expected, text);
});
