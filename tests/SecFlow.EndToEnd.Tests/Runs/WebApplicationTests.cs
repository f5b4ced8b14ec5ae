using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows.Templates;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>The template "External surface" from discovery to report, through the whole engine and the real sandbox.</summary>
public sealed class WebApplicationTests
{
    private static string Template => WorkflowTemplates.Find("external-surface").Yaml;

    [Theory]
    [InlineData(1, NotHere.Page)]
    [InlineData(2, NotHere.Status)]
    public async Task Template_FindsWhatIsPlanted_EnrichesHidesAndReports(int seed, NotHere notHere)
    {
        await using var portal = await RunningPortal.StartAsync("none");
        IReadOnlyList<PlantedFault> inputs = [];
        IReadOnlyList<string> hiddenPages = [];
        (IReadOnlyList<string> Inside, IReadOnlyList<string> Outside) map = ([], []);
        await using var shop = await WeakShop.StartAsync([], seed, more: site =>
        {
            inputs = DemoInputs.Plant(site, DemoInputs.Choose(seed), seed);
            map = DemoContent.Map(site, seed);
            hiddenPages = DemoContent.Hide(site, 5, notHere, seed);
        });
        var target = await AddAsync(portal, shop.Url);

        var workflow = await portal.SaveWorkflowAsync(Template);
        var detail = await portal.WaitAsync((await portal.StartRunAsync(workflow, target)).Id, 180);

        var states = string.Join("; ", detail.Nodes.Select(n => $"{n.NodeId} {n.Status} {n.ErrorCode} {n.ErrorMessage} {n.RejectedRecords}")) + " " + string.Join("; ", detail.Assessments.Select(a => $"{a.PluginId} {a.Verdict} {a.Reason}"));
        detail.Nodes.ShouldAllBe(n => n.Status == NodeStatus.Succeeded && n.RejectedRecords == 0, states);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, states);

        var found = await portal.FindingsAsync(detail.Run.Id);
        found.Where(f => f.PluginId == "scan.reflection").Select(f => $"{f.RuleId} {f.Location} {f.Parameter}").Order(StringComparer.Ordinal)
            .ShouldBe(inputs.Select(p => $"{p.RuleId} {p.LocationOn(shop.Url)}{(p.Fault == "form" ? "/send" : "")} {p.Parameter}").Order(StringComparer.Ordinal), states);
        found.Where(f => f.RuleId == "reflection.cross-site-scripting").ShouldAllBe(f => f.Record.Contains("CWE-79 Cross-site scripting"));

        var datasets = await portal.Get<RunStore>().DatasetsAsync(detail.Run.Id, CancellationToken.None);
        var content = await LinesAsync(portal, datasets.Single(d => d.Name == "content"));
        hiddenPages.ShouldAllBe(path => content.Any(line => line.Contains($"\"{new Uri(shop.Url, path)}\"")));
        var pages = await LinesAsync(portal, datasets.Single(d => d.Name == "pages"));
        map.Outside.ShouldAllBe(address => pages.Any(line => line.Contains(address) && line.Contains("\"outOfScope\":true")));

        var hidden = await portal.Get<FindingService>().ListAsync(portal.Actor, new FindingQuery { RunId = detail.Run.Id, Hidden = true }, CancellationToken.None);
        hidden.Total.ShouldBe(detail.Hidden);
        var report = detail.Artifacts.ShouldHaveSingleItem();
        await using var stream = (await portal.Runs.OpenArtifactAsync(portal.Actor, detail.Run.Id, report.Id, CancellationToken.None)).Content;
        var html = await new StreamReader(stream).ReadToEndAsync();
        html.ShouldContain("What was not assessed, and why");
        inputs.ShouldAllBe(p => html.Contains(p.Path));
        html.ShouldNotContain("<script");

        using var anonymous = new HttpClient { BaseAddress = portal.Url };
        (await anonymous.GetAsync($"api/v1/runs/{detail.Run.Id}/artifacts/{report.Id}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await portal.AuditAsync("refuse.http")).ShouldBeEmpty("nothing outside was asked");
    }

    [Fact]
    public async Task TlsHealth_OfARealServer_GivesItsFindingsAndIsAudited()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=elsewhere", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-20), DateTimeOffset.UtcNow.AddDays(-10));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = ServeAsync(listener, certificate);
        var target = await AddAsync(portal, new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"));

        var detail = await portal.WaitAsync((await portal.StartRunAsync(await portal.SaveWorkflowAsync(WorkflowTemplates.Find("tls-health").Yaml), target)).Id, 120);

        detail.Assessments.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Completed, detail.Nodes[0].ErrorMessage);
        detail.Artifacts.ShouldHaveSingleItem();
        (await portal.FindingsAsync(detail.Run.Id)).Select(f => f.RuleId).Order(StringComparer.Ordinal).ShouldBe(["tls.certificate-expired", "tls.name-mismatch", "tls.self-signed"]);
        (await portal.AuditAsync("use.broker")).ShouldHaveSingleItem();
    }

    private static async Task<Guid> AddAsync(RunningPortal portal, Uri url) => (await portal.Get<TargetService>().AddAsync(
        portal.Actor,
        new NewTarget($"{url.Host}:{url.Port}", TargetKind.Url, url.ToString(), "end-to-end test", null) { PrivateAddressApproved = true, RequestsPerSecond = 1000, MaxIntrusiveness = Intrusiveness.Intrusive },
        CancellationToken.None)).Id;

    private static async Task<IReadOnlyList<string>> LinesAsync(RunningPortal portal, Dataset dataset)
    {
        using var reader = new StreamReader(portal.Get<SecFlow.Data.Blobs.BlobStore>().OpenRead(dataset.BlobDigest));
        return (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var ssl = new SslStream(client.GetStream());
                try
                {
                    await ssl.AuthenticateAsServerAsync(certificate, false, SslProtocols.Tls12 | SslProtocols.Tls13, false);
                }
                catch (Exception e) when (e is AuthenticationException or IOException)
                {
                    // a version that this server refuses
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the test is over
        }
    }
}
