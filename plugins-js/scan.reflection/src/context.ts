/** Where in a page a place is, as a browser reads it. */
type PlaceKind = "text" | "attribute" | "tag" | "script" | "style" | "raw" | "comment";

interface Context {
  kind: PlaceKind;
  /** The quote that surrounds it: " ' ` or empty. */
  quote: string;
  /** Of raw text and attributes: the element's name. */
  element: string;
}

/**
 * The context of an offset: the tags before it, read like a browser does.
 *   <p>HERE          text
 *   <a title="HERE"  attribute, quote "
 *   <a HERE          tag
 *   <script>f("HERE  script, quote "
 *   <title>HERE      raw (only </title leaves it)
 *   <!-- HERE        comment
 */
function contextAt(page: string, offset: number): Context {
  const lower = page.toLowerCase();
  const opening = /<(?:!--|\/?[a-zA-Z])/g;
  let at = 0;
  for (;;) {
    opening.lastIndex = at;
    const m = opening.exec(page);
    if (m === null || m.index >= offset) {
      return { kind: "text", quote: "", element: "" };
    }

    if (m[0] === "<!--") {
      const close = page.indexOf("-->", m.index + 4);
      if (close < 0 || close >= offset) {
        return { kind: "comment", quote: "", element: "" };
      }

      at = close + 3;
      continue;
    }

    const name = (/^<\/?([a-z0-9]+)/.exec(lower.substr(m.index, 40)) || ["", ""])[1];
    const inTag = tagAt(page, m.index + m[0].length, offset, name);
    if (inTag.context !== null) {
      return inTag.context;
    }

    at = inTag.end;
    if (/^(script|style|title|textarea|xmp|iframe|noembed|noframes)$/.test(name) && m[0].charAt(1) !== "/") {
      const close = lower.indexOf("</" + name, at);
      if (close < 0 || close >= offset) {
        return name === "script"
          ? { kind: "script", quote: quoteInScript(page.substring(at, offset)), element: name }
          : { kind: name === "style" ? "style" : "raw", quote: "", element: name };
      }

      at = close;
    }
  }
}

/** Reads one tag; the context when the offset lies in it, else where it ends. */
function tagAt(page: string, from: number, offset: number, element: string): { context: Context | null; end: number } {
  const next = /[>"'=]/g;
  let at = from;
  for (;;) {
    next.lastIndex = at;
    const m = next.exec(page);
    if (m === null || m.index >= offset) {
      return { context: { kind: "tag", quote: "", element }, end: page.length };
    }

    if (m[0] === ">") {
      return { context: null, end: m.index + 1 };
    }

    at = m.index + 1;
    if (m[0] !== "=") {
      continue; // a quote outside of a value is part of a name
    }

    while (/\s/.test(page.charAt(at))) {
      at++;
    }

    const quote = page.charAt(at);
    if (quote === "\"" || quote === "'") {
      const close = page.indexOf(quote, at + 1);
      if (close < 0 || close >= offset) {
        return { context: { kind: "attribute", quote, element }, end: page.length };
      }

      at = close + 1;
    } else {
      const rest = /[\s>]/g;
      rest.lastIndex = at;
      const end = rest.exec(page);
      if (end === null || end.index >= offset) {
        return { context: { kind: "attribute", quote: "", element }, end: page.length };
      }

      at = end.index;
    }
  }
}

/** The quote that is open at the end of a piece of script; comments and regular expressions are read as code. */
function quoteInScript(code: string): string {
  let quote = "";
  const mark = /\\[\s\S]|["'`]|\n/g;
  for (let m = mark.exec(code); m; m = mark.exec(code)) {
    if (m[0] === "\n") {
      quote = quote === "`" ? quote : "";
    } else if (m[0].length === 1) {
      quote = quote === "" ? m[0] : quote === m[0] ? "" : quote;
    }
  }

  return quote;
}
