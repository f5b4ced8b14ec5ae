using System.IO.Compression;
using System.Text;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Runs.Raw;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Execution.Workflows.Templates;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>Each template of "New workflow" through the whole engine. "External surface" has tests of its own (<see cref="WebApplicationTests"/>).</summary>
public sealed class TemplateTests
{
    [Fact]
    public async Task Templates_AgainstTheWeakShopAndAFolder_DoWhatTheySay()
    {
        await using var portal = await RunningPortal.StartAsync();
        var shop = (await portal.AddTargetAsync(portal.Shop.Url)).Id;
        foreach (var template in WorkflowTemplates.All)
        {
            var read = await portal.Get<WorkflowService>().ValidateAsync(portal.Actor.TeamId, template.Yaml, CancellationToken.None);
            read.Problems.ShouldBeEmpty(template.Id);
            read.Recipe!.Name.ShouldBe(template.Name);
        }

        await WebAsync(portal, "web-baseline", shop);
        await WebAsync(portal, "web-application-baseline", shop);
        await PortsAsync(portal, shop);
        await CodeAsync(portal);
        await WithoutToolsAsync(portal, shop);
    }

    private static async Task WebAsync(RunningPortal portal, string template, Guid shop)
    {
        var detail = await RunAsync(portal, template, shop);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, States(detail));
        (await portal.FindingsAsync(detail.Run.Id)).Count(f => f.PluginId == "scan.web-baseline").ShouldBe(portal.Shop.Planted.Count, States(detail));
        detail.Artifacts.Count.ShouldBe(detail.Nodes.Count(n => n.PluginId == "report.html"));
    }

    private static async Task PortsAsync(RunningPortal portal, Guid shop)
    {
        var detail = await RunAsync(portal, "ports-and-paths", shop);
        detail.Nodes.ShouldAllBe(n => n.Status == NodeStatus.Succeeded, States(detail));
        var found = await portal.FindingsAsync(detail.Run.Id);
        found.ShouldContain(f => f.PluginId == "scan.nmap");
        var kept = await portal.Get<ReparseService>().OutputsAsync(portal.Actor, detail.Run.Id, CancellationToken.None);
        kept.ShouldContain(o => o.Tool == "nmap" && o.Kind == RawOutputKind.File && o.Size > 0 && o.Name.EndsWith(".report.xml", StringComparison.Ordinal));
        kept.ShouldContain(o => o.Tool == "ffuf" && o.Kind == RawOutputKind.File);

        // What nmap and ffuf wrote is read again; the shop has changed its mind meanwhile, and nobody asks it.
        foreach (var node in detail.Nodes)
        {
            var again = await portal.Get<ReparseService>().ReparseAsync(portal.Actor, detail.Run.Id, node.NodeId, null, CancellationToken.None);
            (again.Added, again.Changed, again.Gone, again.Rejected).ShouldBe((0, 0, 0, 0), again.Changes + again.Notes);
            again.Same.ShouldBe(node.Findings);
        }
    }

    private static async Task CodeAsync(RunningPortal portal)
    {
        var archive = Zip(
            ("src/app.py", "import os\n\n# os.system(name)\nos.system('rm ' + name)\nPASSWORD = 'correct-horse-7'\ncursor.execute('select 1')\n"),
            ("web/view.js", "node.innerHTML = text;\nnode.textContent = text;\n"),
            ("node_modules/x/index.js", "eval(text)\n"));
        var uploaded = await portal.Get<TargetArchives>().UploadAsync(portal.Actor, new MemoryStream(archive), CancellationToken.None);
        var folder = await portal.Get<TargetService>().AddAsync(portal.Actor, new NewTarget("Shop Code", TargetKind.Folder, uploaded.Value, "end-to-end test", null), CancellationToken.None);
        var detail = await RunAsync(portal, "code-review", folder.Id);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, States(detail));
        var found = await portal.FindingsAsync(detail.Run.Id);
        found.Select(f => $"{f.RuleId} {f.Location}").Order(StringComparer.Ordinal)
            .ShouldBe(["code.html-injection shop-code/web/view.js:1", "code.password-in-code shop-code/src/app.py:5", "code.shell-command shop-code/src/app.py:4"]);
        found.ShouldAllBe(f => !f.Record.Contains("correct-horse-7"));
        var assessment = detail.Assessments.Where(a => a.PluginId == "analysis.code-review").ShouldHaveSingleItem();
        assessment.Verdict.ShouldBe(Verdict.Completed);
        assessment.Reason.ShouldStartWith("2 files, 2 of languages with rules");

        // grep is not run again: its kept lines are handed over as they came.
        var again = await portal.Get<ReparseService>().ReparseAsync(portal.Actor, detail.Run.Id, "review", null, CancellationToken.None);
        (again.Same, again.Added, again.Changed, again.Gone).ShouldBe((3, 0, 0, 0), again.Changes + again.Notes);

        // A url is no folder, and an empty folder no code: said, never taken for clean.
        var wrong = await RunAsync(portal, "code-review", (await portal.AddTargetAsync(portal.Shop.Url)).Id);
        (wrong.Run.Status, wrong.Assessments.First(a => a.PluginId == "analysis.code-review").Verdict).ShouldBe((RunStatus.Partial, Verdict.Misused));
    }

    /// <summary>feroxbuster and nuclei come from nobody's distribution: without them the run says which is missing, and how to get it.</summary>
    private static async Task WithoutToolsAsync(RunningPortal portal, Guid shop)
    {
        var yaml = WorkflowTemplates.Find("feroxbuster-nuclei").Yaml.Replace("max_attempts: 3", "max_attempts: 1", StringComparison.Ordinal);
        var detail = await portal.RunAsync(await portal.SaveWorkflowAsync(yaml), shop);
        var first = detail.Nodes.OrderBy(n => n.Ordinal).First();
        (first.Status, first.ErrorCode).ShouldBe((NodeStatus.Failed, "SF5001"), States(detail));
    }

    private static async Task<RunDetail> RunAsync(RunningPortal portal, string template, Guid target) =>
        await portal.WaitAsync((await portal.StartRunAsync(await portal.SaveWorkflowAsync(WorkflowTemplates.Find(template).Yaml), target)).Id, 180);

    private static string States(RunDetail detail) =>
        string.Join("; ", detail.Nodes.Select(n => $"{n.NodeId} {n.Status} {n.ErrorCode} {n.ErrorMessage} {n.RejectedRecords}")) + " " + string.Join("; ", detail.Assessments.Select(a => $"{a.PluginId} {a.Verdict} {a.Reason}"));

    private static byte[] Zip(params (string Path, string Text)[] files)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, text) in files)
            {
                using var entry = zip.CreateEntry(path).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return stream.ToArray();
    }
}
