/** A place that a page leads to: a url, or a form's target with what it would send. */
interface Place {
  url: Url;
  method: string;
  /** Of a POST form: its fields with their first values. */
  body: string;
  /** The answer's status; 0 while it was not asked. */
  status: number;
  outOfScope: boolean;
}

interface SpiderLimits {
  maxPages: number;
  maxDepth: number;
}

// never followed: what ends a session, changes or orders something
const leave = /log-?out|sign-?out|log-?off|delete|remove|destroy|unsubscribe|cancel|purchase|checkout/i;
const assets = " css js mjs map png jpg jpeg gif svg ico webp avif woff woff2 ttf eot mp3 mp4 webm pdf doc docx xls xlsx ppt iso exe dmg apk wasm zip gz tar ";
const mostPlaces = 5000;
const mostVariants = 3;
const mostSitemaps = 5;

/**
 * Walks through one site, breadth first, in the order found.
 * 1. Only the site's own origin is asked; other origins are noted, and out of scope unless another target has that origin.
 * 2. Forms are noted and never sent. Links that look like signing out, deleting or ordering are noted and never followed.
 * 3. Of one path with the same parameter names at most three values are followed: calendars and sort orders have no end.
 * 4. Pages that robots.txt and sitemaps name count as linked from the start page.
 */
class Spider {
  readonly places: Place[] = [];
  pages = 0;
  /** True when a cap left links unfollowed. */
  capped = false;
  private readonly queue: Array<{ place: Place; depth: number }> = [];
  private readonly known: { [key: string]: Place } = {};
  private readonly variants: { [key: string]: number } = {};

  constructor(
    private readonly requests: Requests, private readonly origin: string, private readonly scope: { [origin: string]: boolean },
    private readonly limits: SpiderLimits, private readonly found: (place: Place) => void
  ) {
  }

  run(start: Answer, progress: (done: number, waiting: number) => void): void {
    const first = this.note(start.url, "GET", "");
    if (first !== null) {
      this.visited(first, start, 0);
    }

    this.readRobots(start.url);
    for (let i = 0; i < this.queue.length; i++) {
      if (this.pages >= this.limits.maxPages) {
        this.capped = true;
        break;
      }

      const next = this.queue[i];
      const answer = this.requests.send(next.place.url);
      if (answer !== null) {
        this.visited(next.place, answer, next.depth);
      }

      progress(this.pages, this.queue.length - i - 1);
    }

    for (let i = 0; i < this.places.length; i++) {
      this.found(this.places[i]);
    }
  }

  private visited(place: Place, answer: Answer, depth: number): void {
    this.pages++;
    place.status = answer.status;
    if (answer.isRedirect()) {
      this.follow(resolveUrl(answer.url, answer.header("location")), depth + 1);
    } else if (answer.isHtml()) {
      this.readPage(answer, depth);
    }
  }

  private readPage(answer: Answer, depth: number): void {
    const tags = parseHtml(answer.text()).tags;
    let base = answer.url;
    let form: Form | null = null;
    for (let i = 0; i < tags.length; i++) {
      const tag = tags[i];
      if (tag.name === "base") {
        base = resolveUrl(base, attribute(tag, "href") || "") || base;
      } else if (tag.name === "form") {
        this.addForm(form);
        form = newForm(tag, resolveUrl(base, attribute(tag, "action") || fullUrl(answer.url)));
      } else if (tag.name === "/form") {
        this.addForm(form);
        form = null;
      } else if (tag.name === "input" || tag.name === "textarea") {
        addField(form, tag);
      } else {
        const link = attribute(tag, "href") || attribute(tag, "src") || attribute(tag, "data");
        if (link) {
          this.follow(resolveUrl(base, link), depth + 1);
        } else if (tag.name === "meta" && /^refresh$/i.test(attribute(tag, "http-equiv") || "")) {
          const m = /url\s*=\s*['"]?([^'"]+)/i.exec(attribute(tag, "content") || "");
          this.follow(m === null ? null : resolveUrl(base, m[1]), depth + 1);
        }
      }
    }

    this.addForm(form);
  }

  private addForm(form: Form | null): void {
    if (form === null || form.action === null) {
      return;
    }

    if (form.post) {
      this.note(form.action, "POST", form.fields.join("&"));
    } else {
      const url: Url = { scheme: form.action.scheme, host: form.action.host, path: form.action.path, query: form.fields.length > 0 ? "?" + form.fields.join("&") : "" };
      this.note(url, "GET", "");
    }
  }

  private readRobots(start: Url): void {
    const url = resolveUrl(start, "/robots.txt");
    const answer = url === null ? null : this.requests.send(url);
    const maps: Url[] = [];
    if (answer !== null && answer.status === 200 && !answer.isHtml()) {
      this.noteStatus(answer);
      const lines = answer.text().split(/\r?\n/);
      for (let i = 0; i < lines.length && i < 2000; i++) {
        const m = /^\s*(allow|disallow|sitemap)\s*:\s*([^\s#]+)/i.exec(lines[i]);
        if (m === null) {
          continue;
        }

        const named = resolveUrl(start, m[2]);
        if (/^sitemap$/i.test(m[1])) {
          if (named !== null) {
            maps.push(named);
          }
        } else if (m[2].charAt(0) === "/" && !/[*$]/.test(m[2])) {
          this.follow(named, 1);
        }
      }
    }

    const usual = resolveUrl(start, "/sitemap.xml");
    if (maps.length === 0 && usual !== null) {
      maps.push(usual);
    }

    this.readSitemaps(maps);
  }

  private readSitemaps(maps: Url[]): void {
    for (let i = 0; i < maps.length && i < mostSitemaps; i++) {
      if (originOf(maps[i]) !== this.origin) {
        this.follow(maps[i], 1);
        continue;
      }

      const answer = this.requests.send(maps[i]);
      if (answer === null || answer.status !== 200 || !/<(urlset|sitemapindex)[\s>]/.test(answer.text())) {
        continue;
      }

      this.noteStatus(answer);
      const index = /<sitemapindex[\s>]/.test(answer.text());
      const loc = /<loc>\s*([^<\s]{1,2000})\s*<\/loc>/g;
      for (let m = loc.exec(answer.text()), n = 0; m && n < mostPlaces; m = loc.exec(answer.text()), n++) {
        const named = resolveUrl(maps[i], decodeEntities(m[1]));
        if (index && named !== null) {
          maps.push(named);
        } else {
          this.follow(named, 1);
        }
      }
    }
  }

  private noteStatus(answer: Answer): void {
    const place = this.note(answer.url, "GET", "");
    if (place !== null) {
      place.status = answer.status;
    }
  }

  private follow(url: Url | null, depth: number): void {
    if (url === null) {
      return;
    }

    const before = this.places.length;
    const place = this.note(url, "GET", "");
    if (place === null || this.places.length === before || originOf(url) !== this.origin || leave.test(url.path + url.query) || assets.indexOf(" " + extensionOf(url) + " ") >= 0) {
      return;
    }

    const kind = url.path + "?" + parameterNames(url.query).join("&");
    this.variants[kind] = (this.variants.hasOwnProperty(kind) ? this.variants[kind] : 0) + 1;
    if (depth > this.limits.maxDepth || this.variants[kind] > mostVariants) {
      this.capped = this.capped || depth > this.limits.maxDepth;
      return;
    }

    this.queue.push({ place, depth });
  }

  /** The place, new or known; null when there are too many. */
  private note(url: Url, method: string, body: string): Place | null {
    const key = method + " " + fullUrl(url) + "\n" + parameterNames("?" + body).join("&");
    if (this.known.hasOwnProperty(key)) {
      return this.known[key];
    }

    if (this.places.length >= mostPlaces) {
      this.capped = true;
      return null;
    }

    const place: Place = { url, method, body, status: 0, outOfScope: !this.scope.hasOwnProperty(originOf(url)) };
    this.known[key] = place;
    this.places.push(place);
    return place;
  }
}

interface Form {
  action: Url | null;
  post: boolean;
  fields: string[];
}

function newForm(tag: Tag, action: Url | null): Form {
  return { action, post: /^post$/i.test(attribute(tag, "method") || ""), fields: [] };
}

function addField(form: Form | null, tag: Tag): void {
  const name = attribute(tag, "name");
  const type = (attribute(tag, "type") || "text").toLowerCase();
  if (form === null || !name || form.fields.length >= 50 || type === "file" || type === "reset" || type === "button" || type === "image") {
    return;
  }

  // what a person would type is not known; a field without a value gets a word
  const value = attribute(tag, "value") || (type === "hidden" || type === "submit" || type === "checkbox" || type === "radio" ? "" : type === "number" ? "1" : "test");
  form.fields.push(encodeURIComponent(name) + "=" + encodeURIComponent(value));
}

/** Names of the parameters of "?a=1&b=2", in order. */
function parameterNames(query: string): string[] {
  const names: string[] = [];
  const parts = query.substr(1).split("&");
  for (let i = 0; i < parts.length && i < 100; i++) {
    if (parts[i] !== "") {
      names.push(decodePart(parts[i].split("=")[0]));
    }
  }

  return names;
}

function originsOf(targets: ReadonlyArray<SecFlow.Target>): { [origin: string]: boolean } {
  const origins: { [origin: string]: boolean } = {};
  for (let i = 0; i < targets.length; i++) {
    const address = targets[i].url;
    const url = address ? parseUrl(address) : null;
    if (url !== null) {
      origins[originOf(url)] = true;
    }
  }

  return origins;
}
