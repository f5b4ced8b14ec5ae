/** What the crawl brought: pages in the order found, scripts, folders and links with parameters. Same site, same order, every time. */
interface Site {
  start: Page;
  pages: Page[];
  scripts: Array<{ url: Url; page: Page }>;
  folders: Url[];
  links: Url[];
}

// never followed: what ends a session, changes or orders something
const leave = /log-?out|sign-?out|log-?off|delete|remove|destroy|unsubscribe|cancel|purchase|checkout/i;
const mostKnown = 500;
const assets = " css js mjs map png jpg jpeg gif svg ico webp avif woff woff2 ttf eot mp3 mp4 webm pdf doc docx xls xlsx ppt iso exe dmg apk wasm ";
const pathInText = /(?:^|[\s"'(=,])(\/[A-Za-z0-9._~-][A-Za-z0-9._~\/-]{0,150})/g;

class Crawl {
  readonly site: Site;
  private readonly queue: Url[] = [];
  private readonly known: { [location: string]: boolean } = {};
  private readonly knownFolders: { [location: string]: boolean } = {};
  private readonly knownScripts: { [location: string]: boolean } = {};

  constructor(private readonly client: Client, private readonly out: Reporter, start: Page, private readonly impossible: string) {
    this.site = { start, pages: [], scripts: [], folders: [], links: [] };
    this.known[start.reply.location] = true;
  }

  run(maxPages: number, progress: (done: number) => void): Site {
    this.visit(this.site.start);
    for (let i = 0; i < this.queue.length && this.site.pages.length < maxPages; i++) {
      const reply = this.client.send("pages", this.queue[i]);
      if (reply !== null) {
        this.visit({ reply, html: parseHtml(reply.isHtml() ? reply.text() : ""), isStart: false });
        progress(this.site.pages.length);
      }
    }

    return this.site;
  }

  private visit(page: Page): void {
    this.site.pages.push(page);
    checkDisclosure(this.out, page.reply);
    checkCookies(this.out, page.reply);
    checkPageHeaders(this.out, page);
    checkContent(this.out, page);
    checkListing(this.out, page.reply);
    judgeNamedFile(this.out, page.reply, this.impossible);
    this.collect(page);
  }

  private collect(page: Page): void {
    const base = page.reply.url;
    this.addFolders(base);
    const moved = page.reply.header("location");
    if (moved !== "" && page.reply.status >= 300 && page.reply.status < 400) {
      this.add(resolveUrl(base, moved));
    }

    const tags = page.html.tags;
    const seen: { [link: string]: boolean } = {};
    for (let i = 0; i < tags.length; i++) {
      const link = attribute(tags[i], "href") || attribute(tags[i], "src") || attribute(tags[i], "action");
      if (!link || seen.hasOwnProperty(link)) {
        continue;
      }

      seen[link] = true;
      const url = resolveUrl(base, link);
      if (tags[i].name === "script" && url !== null && !this.knownScripts.hasOwnProperty(locationOf(url))) {
        this.knownScripts[locationOf(url)] = true;
        this.site.scripts.push({ url, page });
      }

      this.add(url);
    }

    const comments = page.html.comments;
    for (let i = 0; i < comments.length; i++) {
      pathInText.lastIndex = 0;
      for (let m = pathInText.exec(comments[i]); m; m = pathInText.exec(comments[i])) {
        this.add(resolveUrl(base, m[1].replace(/[.~-]+$/, "")));
      }
    }
  }

  private add(url: Url | null): void {
    if (url === null || originOf(url) !== originOf(this.site.start.reply.url) || leave.test(url.path + url.query)) {
      return;
    }

    this.addFolders(url);
    if (url.query !== "" && this.site.links.length < mostKnown) {
      this.site.links.push(url);
    }

    // one page per path: parameters rarely change what these rules look at
    const location = locationOf(url);
    if (this.queue.length < mostKnown && !this.known.hasOwnProperty(location) && assets.indexOf(" " + extensionOf(url) + " ") < 0) {
      this.known[location] = true;
      this.queue.push(url);
    }
  }

  private addFolders(url: Url): void {
    for (let at = url.path.lastIndexOf("/"); at > 0 && this.site.folders.length < mostKnown; at = url.path.lastIndexOf("/", at - 1)) {
      const folder: Url = { scheme: url.scheme, host: url.host, path: url.path.substring(0, at + 1), query: "" };
      if (!this.knownFolders.hasOwnProperty(folder.path)) {
        this.knownFolders[folder.path] = true;
        this.site.folders.push(folder);
      }
    }
  }

  visited(url: Url): boolean {
    for (let i = 0; i < this.site.pages.length; i++) {
      if (this.site.pages[i].reply.location === locationOf(url)) {
        return true;
      }
    }

    return false;
  }
}
