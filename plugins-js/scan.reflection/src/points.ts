/** One parameter of one address that takes what a visitor sends. */
interface Point {
  url: Url;
  method: string;
  /** name=value pairs as sent, of the query or of the form. */
  parts: string[];
  index: number;
  name: string;
  value: string;
}

/** Collects the parameters to look at, each once: same method, path and name. */
class Points {
  readonly list: Point[] = [];
  cut = false;
  private readonly seen: { [key: string]: boolean } = {};

  constructor(private readonly most: number) {
  }

  add(url: Url, method: string, body: string): void {
    if (leave.test(url.path) || (method !== "GET" && method !== "POST")) {
      return;
    }

    const text = method === "POST" ? body : url.query.substr(1);
    const parts = text === "" ? [] : text.split("&");
    if (method === "POST" && /(^|&)[^=&]*pass(word|wd)?[^=&]*=/i.test(body)) {
      return; // a guess at a password may lock an account
    }

    for (let i = 0; i < parts.length && i < 50; i++) {
      const at = parts[i].indexOf("=");
      const name = decodePart(at < 0 ? parts[i] : parts[i].substr(0, at));
      const key = method + " " + locationOf(url) + "\n" + name;
      if (name === "" || this.seen.hasOwnProperty(key)) {
        continue;
      }

      if (this.list.length >= this.most) {
        this.cut = true;
        return;
      }

      this.seen[key] = true;
      this.list.push({ url, method, parts, index: i, name, value: at < 0 ? "" : decodePart(parts[i].substr(at + 1)) });
    }
  }
}

/** Sends the point's request with another value for its parameter. */
function sendWith(requests: Requests, point: Point, value: string): Answer | null {
  const parts = point.parts.slice(0);
  parts[point.index] = encodeURIComponent(point.name) + "=" + encodeURIComponent(value);
  return point.method === "POST"
    ? requests.send(point.url, "POST", parts.join("&"))
    : requests.send({ scheme: point.url.scheme, host: point.url.host, path: point.url.path, query: "?" + parts.join("&") });
}
