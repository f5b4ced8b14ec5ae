using System.Text;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Workflows.Templates;

/// <summary>A recipe to start from.</summary>
/// <param name="Id">Short name, as the command line takes it.</param>
/// <param name="Name">Name of the recipe.</param>
/// <param name="Purpose">What it answers, one sentence.</param>
/// <param name="Needs">What has to be there before it can run.</param>
/// <param name="Takes">How long a run takes, in words.</param>
public sealed record WorkflowTemplate(string Id, string Name, string Purpose, IReadOnlyList<string> Needs, string Takes)
{
    /// <summary>The recipe.</summary>
    public string Yaml { get; } = Read(Id);

    private static string Read(string id)
    {
        using var stream = typeof(WorkflowTemplate).Assembly.GetManifestResourceStream($"workflows/{id}.yaml") ?? throw new InvalidOperationException($"The recipe of the template '{id}' is not part of the program.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

/// <summary>The templates of the page "New workflow" and of <c>secflow workflow new</c>. A test runs each of them.</summary>
public static class WorkflowTemplates
{
    private const string Safe = "Targets of kind url or host, authorised for safe plugins.";

    public static IReadOnlyList<WorkflowTemplate> All { get; } =
    [
        new("web-baseline", "Web baseline", "The first look at a web site: headers, cookies, exposed files.", [Safe], "Half a minute a target at 10 requests a second."),
        new("web-application-baseline", "Web application baseline", "What a web application says of itself, with its TLS, every night, and a report to read.", [Safe], "About a minute a target at 10 requests a second."),
        new(
            "external-surface", "External surface", "Everything that the targets show to the outside: hidden paths, pages, inputs that come back, TLS.",
            ["Targets of kind url or host, authorised for intrusive plugins: the node reflection sends marked values into inputs. Without that node, safe is enough."],
            "5 to 20 minutes a target at 10 requests a second."),
        new("tls-health", "TLS health", "Certificates that end soon or are not trusted, and old versions of TLS.", ["Targets of kind url with https, or of kind host; authorised for safe plugins."], "Seconds a target."),
        new(
            "code-review", "Code review", "Secrets and dangerous constructs in the code of a folder.",
            ["A target of kind folder: an uploaded archive, or a folder that an administrator allows.", "The tools grep and find, which most systems have."], "Seconds for a thousand files."),
        new(
            "ports-and-paths", "Ports and paths", "Open ports with nmap, and paths of a wordlist with ffuf.", [Safe, "The tools nmap and ffuf."], "About 5 minutes a target."),
        new(
            "feroxbuster-nuclei", "Linear Security Scan", "Paths with feroxbuster, checks with nuclei, and what is known of the CVEs.",
            [Safe, "The tools feroxbuster and nuclei.", "Imported templates for nuclei and imported data about CVEs (page Resources)."], "10 minutes and more a target."),
    ];

    /// <summary>The template of this id. Throws SF1502 with those that there are.</summary>
    public static WorkflowTemplate Find(string id) => All.FirstOrDefault(template => template.Id == id) ?? throw new SecFlowException(
        Codes.NotFound, $"There is no template '{(id.Length > 60 ? id[..60] : id)}'.{Spelling.Hint(id, All.Select(template => template.Id))} Templates: {string.Join(", ", All.Select(template => template.Id))}.");
}
