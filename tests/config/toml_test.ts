import { parseToml, TomlSyntaxError } from "../../lib/config/toml.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

/** The tree as plain data, and the lines of its keys. */
function read(...lines: readonly string[]): { root: unknown; lines: Record<string, number>; repeats: string[] } {
  const toml = parseToml(lines.join("\n"));
  return {
    root: JSON.parse(JSON.stringify(toml.root)),
    lines: Object.fromEntries(toml.lines),
    repeats: toml.repeats.map(({ line, path, message }) => `${line}: ${path}: ${message}`),
  };
}

Deno.test("parseToml knows the lines of tables, arrays of tables and their keys", () => {
  const { root, lines } = read(
    "a = 1",
    "[b]",
    "c = 'x'",
    "",
    "[[l]]",
    "n = 1",
    "[[l]] # second",
    "[l.sub]",
    "q = true",
  );
  assertEquals(root, { a: 1, b: { c: "x" }, l: [{ n: 1 }, { sub: { q: true } }] });
  assertEquals(lines, {
    a: 1,
    b: 2,
    "b.c": 3,
    l: 5,
    "l[0]": 5,
    "l[0].n": 6,
    "l[1]": 7,
    "l[1].sub": 8,
    "l[1].sub.q": 9,
  });
});

Deno.test("parseToml is not misled by what looks like structure inside text", () => {
  const { root, lines } = read(
    'a = """',
    "[not]",
    'b = 1 "quoted"',
    '"""',
    "c = '''",
    "[[no]]''' # x = 1",
    "d = '[e]'",
  );
  assertEquals(root, { a: '[not]\nb = 1 "quoted"\n', c: "[[no]]", d: "[e]" });
  assertEquals(lines, { a: 1, c: 5, d: 7 });
});

Deno.test("parseToml knows the lines of array elements, over comments and nesting", () => {
  const { root, lines } = read("a = [", "  1, # ]", "  [2,", "   3],", "]", "b = 4");
  assertEquals(root, { a: [1, [2, 3]], b: 4 });
  assertEquals(lines, { a: 1, "a[0]": 2, "a[1]": 3, "a[1][0]": 3, "a[1][1]": 4, b: 6 });
});

Deno.test("parseToml reads dotted and quoted keys and inline tables", () => {
  const { root, lines } = read("a.b.c = 1", 'a."d.e" = { f = 2, g.h = [3] }', "[x.'y z']", "[x]");
  assertEquals(root, { a: { b: { c: 1 }, "d.e": { f: 2, g: { h: [3] } } }, x: { "y z": {} } });
  assertEquals(lines['a."d.e".g.h[0]'], 2);
  assertEquals(lines["a.b.c"], 1);
  assertEquals(lines['x."y z"'], 3);
  assertEquals(lines.x, 4);
});

Deno.test("parseToml reads every kind of scalar", () => {
  const { root } = read(
    "i = [1_000, -7, 0xff, 0o17, 0b11]",
    "f = [1.5, 1e3]",
    "b = [true, false]",
    "d = 1979-05-27T07:32:00Z",
    String.raw`s = "tab\t quote\" \\U00 \u00e9 \U0001F600"`,
  );
  assertEquals(root, {
    i: [1000, -7, 255, 15, 3],
    f: [1.5, 1000],
    b: [true, false],
    d: "1979-05-27T07:32:00.000Z",
    s: 'tab\t quote" \\U00 é 😀',
  });
});

Deno.test("parseToml takes keys of object prototypes for keys", () => {
  const { root } = parseToml("__proto__ = 1\nconstructor.x = 2");
  assertEquals(Object.keys(root), ["__proto__", "constructor"]);
});

Deno.test("parseToml reads lines that end in CR LF", () => {
  const { root, lines } = read("[a]\r", "b = 1\r", "c = '''x\r", "y'''\r", "d = 2\r", "");
  assertEquals(root, { a: { b: 1, c: "x\r\ny", d: 2 } });
  assertEquals(lines["a.d"], 5);
});

Deno.test("parseToml reports what is set twice and keeps the first", () => {
  const { root, repeats } = read("a = 1", "a = 2", "[t]", "x = 1", "[t]", "x = 2", "y = 3", "[a]", "[[t]]");
  assertEquals(root, { a: 1, t: { x: 1, y: 3 } });
  assertEquals(repeats, [
    "2: a: Cannot set key again: it is set on line 1 (take one of the two out)",
    "5: t: Cannot set table again: it is set on line 3 (put its keys there)",
    "6: t.x: Cannot set key again: it is set on line 4 (take one of the two out)",
    "8: a: Cannot set table again: it is set on line 1 (take one of the two out)",
    "9: t: Cannot set array of tables again: it is set on line 3 (write [[t]] everywhere, or [t] once)",
  ]);
});

Deno.test("parseToml lets nothing be added to inline tables, static arrays and dotted tables", () => {
  const refused: Record<string, string> = {
    "a = {}\na.b = 1": "2: a: Cannot set key again: it is set on line 1 (take one of the two out)",
    "a = {}\n[a.b]": "2: a: Cannot set table again: it is set on line 1 (put its keys there)",
    "a = [{}]\n[[a]]":
      "2: a: Cannot set array of tables again: it is set on line 1 (write [[a]] everywhere, or [a] once)",
    "a.b.c = 1\n[a.b]": "2: a.b: Cannot set table again: it is set on line 1 (put its keys there)",
    "[[a]]\n[a]": "2: a: Cannot set table again: it is set on line 1 (write [[a]])",
    "a = { b = 1, b = 2 }": "1: a.b: Cannot set key again: it is set on line 1 (take one of the two out)",
  };
  for (const [text, expected] of Object.entries(refused)) assertEquals(read(text).repeats, [expected], text);
});

Deno.test("parseToml places syntax errors on their lines", () => {
  const broken: Record<string, string> = {
    "\n\na": '3: a: Cannot read key as "=" is missing behind it',
    "\n= 1": "2: : Cannot read key as it must be of A-Z, a-z, 0-9, _ and -, or in quotes",
    "a =": "1: a: Cannot read value as it is missing (write one, or take the key out)",
    "a = # none": "1: a: Cannot read value as it is missing (write one, or take the key out)",
    "\na = 30s":
      '2: a: Cannot read value as it is no number or date, and text must stand in straight quotes (did you mean "30s"?)',
    "a = True":
      "1: a: Cannot read value as it is no number or date, and text must stand in straight quotes (did you mean true?)",
    "a = “b”":
      '1: a: Cannot read value as it is no number or date, and text must stand in straight quotes (did you mean "b"?)',
    "token = secret": "1: token: Cannot read value as it is no number or date, and text must stand in straight quotes",
    "a = 1 2": '1: a: Cannot read line as something follows its end (begin a new line, or a comment with "#")',
    "[a] b = 1": '1: a: Cannot read line as something follows its end (begin a new line, or a comment with "#")',
    'a = "x': '1: a: Cannot read text as its closing quote is missing (write " at its end)',
    "a = 'x\n'": "1: a: Cannot read text as its closing quote is missing (write ' at its end)",
    '\na = """x\n\n\n': '2: a: Cannot read text as its closing quote is missing (write """ at its end)',
    'a = "C:\\data"': "1: a: Cannot read text as it has an unknown escape (write \\\\ for a backslash)",
    'a = """\\q"""': "1: a: Cannot read text as it has an unknown escape (write \\\\ for a backslash)",
    'a = "\u0001"': "1: a: Cannot read text as it holds a control character (write it as \\u and its four digits)",
    "a = [1,\n2": '1: a: Cannot read array as its "]" is missing',
    "a = [1\n2]": '2: a: Cannot read array as "," or "]" is missing',
    "a = [,]": "1: a[0]: Cannot read value as it is missing (write one, or take the key out)",
    "a = { b = 1\n}": '1: a: Cannot read inline table as "," or "}" is missing (it must be on one line)',
    "a = { b = 1,\n}": "1: a: Cannot read inline table as it must be on one line",
    "[a": '1: a: Cannot read table name as "]" is missing behind it',
    "[[a.b]": '1: a.b: Cannot read table name as "]]" is missing behind it',
    "[b]\n[]": "2: : Cannot read key as it must be of A-Z, a-z, 0-9, _ and -, or in quotes",
    "[b]\n= 1": "2: b: Cannot read key as it must be of A-Z, a-z, 0-9, _ and -, or in quotes",
    "[]": "1: : Cannot read key as it must be of A-Z, a-z, 0-9, _ and -, or in quotes",
  };
  for (const [text, expected] of Object.entries(broken)) {
    const { line, path, message } = assertThrows(() => parseToml(text), TomlSyntaxError);
    assertEquals(`${line}: ${path}: ${message}`, expected, text);
  }
});

Deno.test("parseToml refuses deep nesting instead of running out of stack", () => {
  for (const text of [`a = ${"[".repeat(1e5)}`, `a = ${"{a=".repeat(1e5)}`]) {
    assertThrows(() => parseToml(text), TomlSyntaxError, "nested deeper than 32");
  }
  assertThrows(() => parseToml(`${"a.".repeat(1e5)}b = 1`), TomlSyntaxError, "more than 32 parts");
});
