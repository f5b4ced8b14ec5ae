using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace SecFlow.Plugins.Tests.WebBaseline;

/// <summary>A weak server that is not ours: its real faults, read from its source by hand, and no other.</summary>
public sealed class ForeignServerTests : IDisposable
{
    private const string Server = "../shared/reference/weak-target.py";
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-web-").FullName;

    /// <summary>What it shows whatever lies in its folder: headers, cookie, methods, the home page, the redirect.</summary>
    private static readonly string[] _always =
    [
        "server-version /", "powered-by / x-powered-by", "cookie-no-httponly / PHPSESSID", "cookie-no-samesite / PHPSESSID", "cacheable-session /",
        "missing-content-type-options /", "missing-csp /", "missing-frame-protection /", "missing-referrer-policy /", "missing-permissions-policy /",
        "revealing-comment /", "password-over-http /", "wordpress-version /", "trace-enabled /", "dangerous-methods /", "open-redirect /go url",
    ];

    [FactWith(Server, "python3")]
    public async Task WeakTarget_WithoutFiles_ExactlyItsFaults() => (await ScanAsync()).ShouldBe(_always.Order(StringComparer.Ordinal));

    [FactWith(Server, "python3")]
    public async Task WeakTarget_WithFiles_ExactlyItsFaults()
    {
        Write("backup/db.sql", "insert into users values (1, 'alice');\n");
        Write("admin/index.txt", "notes\n");
        Write("images/a.png", "x");
        Write("js/jquery-1.8.1.min.js", "/*! jQuery v1.8.1 jquery.com */\n");
        Write(".git/HEAD", "ref: refs/heads/main\n");
        Write("robots.txt", "User-agent: *\nDisallow: /admin/\n");
        Write("readme.txt", "hello\n");

        (await ScanAsync()).ShouldBe(_always.Concat(
        [
            "exposed-database-dump /backup/db.sql", "exposed-git /.git/", "robots-reveals /robots.txt", "vulnerable-library /js/jquery-1.8.1.min.js jquery",
            "directory-listing /backup/", "directory-listing /admin/", "directory-listing /images/", "directory-listing /js/",
        ]).Order(StringComparer.Ordinal));
    }

    [FactWith(null, "python3")]
    public async Task PythonFileServer_ExactlyItsFaults()
    {
        Write("index.html", "<!doctype html><meta charset=utf-8><title>x</title><a href=/pub/a.txt>a</a>");
        Write("pub/a.txt", "a\n");
        var port = FreePort();
        (await ScanAsync(port, "-m", "http.server", port.ToString(), "--bind", "127.0.0.1", "--directory", Path.Combine(_folder, "www"))).ShouldBe(new[]
        {
            "server-version /", "missing-content-type-options /", "missing-csp /", "missing-frame-protection /", "missing-referrer-policy /", "missing-permissions-policy /",
            "directory-listing /pub/",
        }.Order(StringComparer.Ordinal));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string path, string content)
    {
        var file = Path.Combine(_folder, "www", path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }

    private Task<IReadOnlyList<string>> ScanAsync()
    {
        var copy = Path.Combine(_folder, "weak-target.py");
        File.Copy(Path.Combine(Repository.Root, Server), copy);
        var port = FreePort();
        return ScanAsync(port, copy, port.ToString());
    }

    private async Task<IReadOnlyList<string>> ScanAsync(int port, params string[] arguments)
    {
        var start = new ProcessStartInfo("python3") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var server = Process.Start(start)!;
        server.OutputDataReceived += (_, _) => { };
        server.ErrorDataReceived += (_, _) => { };
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        try
        {
            await ListeningAsync(port);
            using var web = new LoopbackWeb();
            var site = new Uri($"http://127.0.0.1:{port}/");
            var report = await new PluginBench("scan.web-baseline", web.SendAsync).ScanAsync(site);
            report.Verdicts.Single().Kind.ShouldBe("completed", report.Verdicts.Single().Reason);
            return [.. report.Marks.Select(mark => mark.Replace("web-baseline.", "", StringComparison.Ordinal).Replace(site.ToString(), "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task ListeningAsync(int port)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }

        throw new TimeoutException($"Nothing listens on port {port}.");
    }
}
