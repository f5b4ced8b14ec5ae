namespace SecFlow.DemoTarget;

/// <content>Files that must not be served: some under the names that everyone tries, some at random paths that the shop links to.</content>
public static partial class DemoFaults
{
    private static IEnumerable<DemoFault> FileFaults()
    {
        yield return At("exposed-git", "/.git/", "/.git/HEAD", _ => "ref: refs/heads/main\n");
        yield return At("exposed-svn", "/.svn/", "/.svn/wc.db", _ => "SQLite format 3\0");
        yield return At("exposed-env", "/.env", "/.env", p => $"APP_ENV=production\nDB_PASSWORD={p.Letters(Hex, 20)}\n");
        yield return At("exposed-ds-store", "/.DS_Store", "/.DS_Store", _ => "\0\0\0\u0001Bud1\0");
        yield return At("exposed-backup-archive", "/backup.zip", "/backup.zip", _ => "PK\u0003\u0004 and the rest");
        yield return At("exposed-database-dump", "/backup.sql", "/backup.sql", _ => Dump);
        yield return Fault("linked-database-dump", p => Is("exposed-database-dump", p.LinkedFile("stock.sql", Dump)));
        yield return new DemoFault("commented-database-dump", null, p =>
        {
            var path = "/" + p.Segment() + "/stock.sql";
            p.File(path, Dump);
            var page = p.Page($"<!-- moved to {path} -->");
            return [Is("exposed-database-dump", path) with { Fault = "commented-database-dump" }, Is("revealing-comment", page) with { Fault = "commented-database-dump" }];
        });
        yield return At("exposed-source-backup", "/config.php.bak", "/config.php.bak", p => $"<?php\n$word = '{p.Letters(Hex, 12)}';\n");
        yield return Fault("linked-source-backup", p => Is("exposed-source-backup", p.LinkedFile("season.php.old", "<?php\necho 'Season';\n")));
        yield return At("exposed-htpasswd", "/.htpasswd", "/.htpasswd", p => $"editor:{{SHA}}{p.Letters(Upper, 27)}=\n");
        yield return At("exposed-web-config", "/web.config", "/web.config", _ => "<?xml version=\"1.0\"?>\n<configuration>\n  <system.web><compilation debug=\"true\" /></system.web>\n</configuration>\n");
        yield return At("server-status", "/server-status", "/server-status", _ => "<html><head><meta charset=\"utf-8\"><title>Apache Status</title></head><body><h1>Apache Server Status</h1></body></html>", "text/html; charset=utf-8");
        yield return At("phpinfo", "/phpinfo.php", "/phpinfo.php", _ => "<html><head><meta charset=\"utf-8\"><title>PHP 8.1.2 - phpinfo()</title></head><body><h1>PHP Version</h1></body></html>", "text/html; charset=utf-8");
        yield return At("exposed-actuator", "/actuator/", "/actuator/env", _ => "{\"activeProfiles\":[],\"propertySources\":[{\"name\":\"systemProperties\"}]}", "application/json");
        yield return At("exposed-pprof", "/debug/pprof/", "/debug/pprof/", _ => "<html><head><meta charset=\"utf-8\"><title>/debug/pprof/</title></head><body>heap goroutine</body></html>", "text/html; charset=utf-8");
        yield return At("exposed-api-description", "/openapi.json", "/openapi.json", _ => "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"Shop\"},\"paths\":{}}", "application/json");
        yield return At("crossdomain-wildcard", "/crossdomain.xml", "/crossdomain.xml", _ => "<?xml version=\"1.0\"?>\n<cross-domain-policy><allow-access-from domain=\"*\" /></cross-domain-policy>\n", "text/xml; charset=utf-8");
        yield return At("phpmyadmin", "/phpmyadmin/", "/phpmyadmin/", _ => "<html><head><meta charset=\"utf-8\"><title>phpMyAdmin</title></head><body><div id=\"pmahomme\">Sign in</div></body></html>", "text/html; charset=utf-8");
        yield return At("robots-reveals", "/robots.txt", "/robots.txt", p => $"User-agent: *\nDisallow: /backup-{p.Letters(Hex, 4)}/\n");
    }

    private const string Dump = "-- MySQL dump 10.13\n\nCREATE TABLE `stock` (`id` int);\nINSERT INTO `stock` VALUES (1);\n";

    private static DemoFault At(string rule, string place, string path, Func<DemoPlanter, string> content, string contentType = "text/plain; charset=utf-8") => Fault(rule, p =>
    {
        p.File(path, content(p), contentType);
        return Is(rule, place);
    });
}
