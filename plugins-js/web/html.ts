interface Tag {
  name: string;
  attributes: { [name: string]: string };
}

interface Html {
  tags: Tag[];
  comments: string[];
  title: string;
}

// the expression jumps over everything else at once; a loop over each tag would cost the interpreter too much
const nextOfMeaning = /<(?:!--|(\/form|area|a|base|link|script|img|iframe|frame|form|input|meta|source|embed|object|video|audio|style|textarea|title)(?=[\s\/>]))/gi;
const longestTag = 4096;
const mostTags = 4000;
const mostComments = 300;

/**
 * A tolerant reader of the tags that the rules look at. Every step looks at a bounded window, so a hostile page costs no more than its length:
 *   <a href='x' data-x=">">      the quoted > does not end the tag
 *   <script>if (a<b) ...</script>  nothing inside script, style, textarea and title is a tag
 *   <form>...</form>             the end of a form is kept as the tag "/form"
 */
function parseHtml(text: string): Html {
  const html: Html = { tags: [], comments: [], title: "" };
  const lower = text.toLowerCase();
  nextOfMeaning.lastIndex = 0;
  for (let steps = 0; steps < mostTags; steps++) {
    const m = nextOfMeaning.exec(text);
    if (!m) {
      break;
    }

    if (!m[1]) {
      nextOfMeaning.lastIndex = readComment(html, text, m.index);
      continue;
    }

    const name = m[1].toLowerCase();
    const window = text.substr(m.index, longestTag);
    const end = endOfTag(window, m[0].length);
    if (end < 0) {
      continue;
    }

    if (!/^(style|textarea|title)$/.test(name)) {
      html.tags.push({ name, attributes: parseAttributes(window.substring(m[0].length, end)) });
    }

    nextOfMeaning.lastIndex = skipContent(html, name, text, lower, m.index + end + 1);
  }

  return html;
}

/** Keeps the comment that begins at `at`; gives the place after it. */
function readComment(html: Html, text: string, at: number): number {
  const close = text.indexOf("-->", at + 4);
  const stop = close < 0 ? text.length : close;
  if (html.comments.length < mostComments) {
    html.comments.push(text.substring(at + 4, Math.min(stop, at + 4 + longestTag)));
  }

  return Math.min(text.length, stop + 3);
}

/** The place where tags go on: nothing inside script, style, textarea and title is one. */
function skipContent(html: Html, name: string, text: string, lower: string, at: number): number {
  if (name !== "script" && name !== "style" && name !== "textarea" && name !== "title") {
    return at;
  }

  const close = lower.indexOf("</" + name, at);
  const stop = close < 0 ? text.length : close;
  if (name === "title" && html.title === "") {
    html.title = text.substring(at, Math.min(stop, at + 200)).replace(/\s+/g, " ");
  }

  return stop;
}

function endOfTag(window: string, from: number): number {
  let at = from;
  for (;;) {
    const end = window.indexOf(">", at);
    if (end < 0) {
      return -1;
    }

    const double = window.indexOf("\"", at);
    const single = window.indexOf("'", at);
    const quote = double < 0 ? single : single < 0 ? double : Math.min(double, single);
    if (quote < 0 || quote > end) {
      return end;
    }

    const close = window.indexOf(window.charAt(quote), quote + 1);
    if (close < 0) {
      return end;
    }

    at = close + 1;
  }
}

function parseAttributes(text: string): { [name: string]: string } {
  const found: { [name: string]: string } = {};
  const pattern = /([^\s=>"'\/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
  for (let m = pattern.exec(text); m; m = pattern.exec(text)) {
    const name = m[1].toLowerCase();
    if (!found.hasOwnProperty(name)) {
      found[name] = decodeEntities(m[2] || m[3] || m[4] || "");
    }
  }

  return found;
}

function decodeEntities(text: string): string {
  return text.indexOf("&") < 0 ? text
    : text.replace(/&quot;/g, "\"").replace(/&#0*39;/g, "'").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** An attribute's value; undefined when the tag does not have it. */
function attribute(tag: Tag, name: string): string | undefined {
  return tag.attributes.hasOwnProperty(name) ? tag.attributes[name] : undefined;
}
