interface Weakness {
  /** From this version (empty: from the first) up to, not including, `below`. */
  from: string;
  below: string;
  cve: string;
}

interface Library {
  name: string;
  /** File name with the version in group 1. */
  file: RegExp;
  /** First lines of the file with the version in group 1. */
  banner: RegExp;
  weaknesses: Weakness[];
}

const libraries: Library[] = [
  {
    name: "jquery", file: /(?:^|\/)jquery[-.@\/]v?(\d+\.\d+(?:\.\d+)?)(?:[-.\/](?:slim|min)|\/(?:dist\/)?jquery)*(?:\.min)?\.js$/i,
    banner: /jQuery (?:JavaScript Library )?v(\d+\.\d+(?:\.\d+)?)/,
    weaknesses: [
      { from: "", below: "1.9.0", cve: "CVE-2012-6708" },
      { from: "", below: "3.0.0", cve: "CVE-2015-9251" },
      { from: "", below: "3.4.0", cve: "CVE-2019-11358" },
      { from: "1.2.0", below: "3.5.0", cve: "CVE-2020-11022" },
      { from: "1.0.3", below: "3.5.0", cve: "CVE-2020-11023" }
    ]
  },
  {
    name: "jquery-ui", file: /(?:^|\/)jquery[-.]ui[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /jQuery UI - v(\d+\.\d+\.\d+)/,
    weaknesses: [
      { from: "", below: "1.13.0", cve: "CVE-2021-41184" },
      { from: "", below: "1.13.2", cve: "CVE-2022-31160" }
    ]
  },
  {
    name: "bootstrap", file: /(?:^|\/)bootstrap[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /Bootstrap v(\d+\.\d+\.\d+)/,
    weaknesses: [
      { from: "", below: "3.4.1", cve: "CVE-2019-8331" },
      { from: "4.0.0", below: "4.3.1", cve: "CVE-2019-8331" }
    ]
  },
  {
    name: "angularjs", file: /(?:^|\/)angular(?:js)?[-.@\/]v?(1\.\d+\.\d+)[^?]*\.js$/i, banner: /AngularJS v(1\.\d+\.\d+)/,
    weaknesses: [{ from: "", below: "1.8.0", cve: "CVE-2020-7676" }]
  },
  {
    name: "lodash", file: /(?:^|\/)lodash(?:\.js)?[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /@license\s+(?:\*\s+)?[Ll]odash (\d+\.\d+\.\d+)/,
    weaknesses: [{ from: "", below: "4.17.21", cve: "CVE-2021-23337" }]
  },
  {
    name: "moment", file: /(?:^|\/)moment(?:\.js)?[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /\/\/! version : (\d+\.\d+\.\d+)/,
    weaknesses: [{ from: "2.18.0", below: "2.29.4", cve: "CVE-2022-31129" }]
  },
  {
    name: "handlebars", file: /(?:^|\/)handlebars(?:\.js)?[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /handlebars v(\d+\.\d+\.\d+)/,
    weaknesses: [{ from: "", below: "4.7.7", cve: "CVE-2021-23369" }]
  }
];

function compareVersions(a: string, b: string): number {
  const x = a.split(".");
  const y = b.split(".");
  for (let i = 0; i < 3; i++) {
    const difference = Number(x[i] || 0) - Number(y[i] || 0);
    if (difference !== 0) {
      return difference;
    }
  }

  return 0;
}

/** What a script's text (when it could be read) or else its address says about library and version. */
function checkLibrary(out: Reporter, url: Url, text: string | null, evidence: Answer): void {
  for (let i = 0; i < libraries.length; i++) {
    const library = libraries[i];
    const banner = text === null ? null : library.banner.exec(text.substr(0, 1000));
    const file = library.file.exec(url.path);
    const version = banner ? banner[1] : file ? file[1] : "";
    if (version === "") {
      continue;
    }

    const cve: string[] = [];
    for (let w = 0; w < library.weaknesses.length; w++) {
      const weakness = library.weaknesses[w];
      if (compareVersions(version, weakness.below) < 0 && (weakness.from === "" || compareVersions(version, weakness.from) >= 0)) {
        cve.push(weakness.cve);
      }
    }

    if (cve.length > 0) {
      out.report("vulnerable-library", locationOf(url), evidence, {
        parameter: library.name, match: banner ? banner[0] : url.path, cve,
        note: library.name + " " + version + ", known from the " + (banner ? "banner of the file" : "address") + ": " + cve.join(", ") + "."
      });
    }

    return;
  }
}
