const ruleIds = ["reflection.cross-site-scripting", "reflection.open-redirect", "reflection.sql-error"];

const rules: { [id: string]: Rule } = {
  "reflection.cross-site-scripting": {
    title: "Input is reflected as markup or script", severity: "high", cwe: [79], owasp: "A03:2021",
    description: "What is sent in this parameter comes back in the page without the encoding that its place needs, so a prepared link makes a visitor's browser run an attacker's script.",
    remediation: "Encode output for its place: HTML text, attribute, or script string. Use a template engine that does so by default, and a Content-Security-Policy as a second line."
  },
  "reflection.open-redirect": {
    title: "The site redirects to any address", severity: "medium", cwe: [601], owasp: "A01:2021",
    description: "The address in this parameter is used as the target of a redirect without a check, so a link to this site can lead visitors to another one.",
    remediation: "Redirect only to paths of the site itself, or to addresses on a list."
  },
  "reflection.sql-error": {
    title: "Input reaches the database as SQL", severity: "high", cwe: [89, 209], owasp: "A03:2021",
    description: "A single quote in this parameter makes the database report a syntax error, which it does not without it: the input is part of the statement. An attacker may read or change data.",
    remediation: "Pass values as parameters of a prepared statement, and do not show errors of the database to visitors."
  }
};

/** Errors as databases and their drivers write them. */
const sqlErrors: Array<{ database: string; pattern: RegExp }> = [
  { database: "MySQL", pattern: /You have an error in your SQL syntax|MySqlException|mysql_fetch_|SQLSTATE\[42000\][^<]{0,60}(1064|syntax)|check the manual that corresponds to your (MySQL|MariaDB) server version/i },
  { database: "PostgreSQL", pattern: /PSQLException|PG::SyntaxError|Npgsql\.PostgresException|pg_query\(\)|unterminated quoted string at or near|(ERROR|FEHLER):\s+syntax error at or near/i },
  { database: "SQLite", pattern: /SQLite\/JDBCDriver|SQLite\.Exception|System\.Data\.SQLite\.SQLiteException|sqlite3\.OperationalError|SQLITE_ERROR|unrecognized token: (&quot;|&#39;|"|')|near (&quot;|&#39;|"|').{0,20}(&quot;|&#39;|"|'): syntax error/i },
  { database: "SQL Server", pattern: /Unclosed quotation mark after the character string|Incorrect syntax near|SqlClient\.SqlException|ODBC SQL Server Driver/i },
  { database: "Oracle", pattern: /\bORA-(00933|00936|01756|00907|00921)\b|quoted string not properly terminated/i },
  { database: "DB2", pattern: /CLI Driver[^<]{0,40}DB2|DB2 SQL error|SQLCODE[=:]\s*-104/i }
];

/** The database and the words that prove it, or null. */
function sqlErrorIn(text: string): { database: string; match: string } | null {
  for (let i = 0; i < sqlErrors.length; i++) {
    const m = sqlErrors[i].pattern.exec(text);
    if (m !== null) {
      return { database: sqlErrors[i].database, match: m[0].substr(0, 300) };
    }
  }

  return null;
}
