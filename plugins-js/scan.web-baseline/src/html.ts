interface Tag {
  name: string;
  attributes: { [name: string]: string };
}

interface Html {
  tags: Tag[];
  comments: string[];
  title: string;
}

const tagsWithMeaning = " a area link script img iframe frame form input meta source embed object video audio base button ";
const longestTag = 4096;
const mostTags = 8000;

/**
 * A tolerant reader of the tags that the rules look at. Every step looks at a bounded window, so a hostile page costs no more than its length:
 *   <a href='x' data-x=">">      the quoted > does not end the tag
 *   <script>if (a<b) ...</script>  nothing inside script, style, textarea and title is a tag
 *   <form>...</form>             the end of a form is kept as the tag "/form"
 */
function parseHtml(text: string): Html {
  const html: Html = { tags: [], comments: [], title: "" };
  const lower = text.toLowerCase();
  let at = 0;
  while (html.tags.length < mostTags) {
    at = text.indexOf("<", at);
    if (at < 0) {
      break;
    }

    if (text.substr(at, 4) === "<!--") {
      const close = text.indexOf("-->", at + 4);
      const stop = close < 0 ? text.length : close;
      html.comments.push(text.substring(at + 4, Math.min(stop, at + 4 + longestTag)));
      at = stop + 3;
      continue;
    }

    const window = text.substr(at, longestTag);
    const m = /^<(\/?[a-zA-Z][a-zA-Z0-9:-]*)/.exec(window);
    if (!m) {
      at++;
      continue;
    }

    const name = m[1].toLowerCase();
    const end = endOfTag(window, m[0].length);
    if (end < 0) {
      at++;
      continue;
    }

    if (name === "/form") {
      html.tags.push({ name, attributes: {} });
    } else if (tagsWithMeaning.indexOf(" " + name + " ") >= 0) {
      html.tags.push({ name, attributes: parseAttributes(window.substring(m[0].length, end)) });
    }

    at += end + 1;
    if (name === "script" || name === "style" || name === "textarea" || name === "title") {
      const close = lower.indexOf("</" + name, at);
      const stop = close < 0 ? text.length : close;
      if (name === "title" && html.title === "") {
        html.title = text.substring(at, Math.min(stop, at + 200)).replace(/\s+/g, " ");
      }

      at = stop;
    }
  }

  return html;
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
