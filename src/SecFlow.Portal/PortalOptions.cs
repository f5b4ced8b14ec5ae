using System.Globalization;
using System.Net;
using SecFlow.Data;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal;

/// <summary>What this process does (contracts 12).</summary>
public enum PortalRole
{
    /// <summary>Pages, API and the engine.</summary>
    All,

    /// <summary>Pages and API; another process works the queue.</summary>
    Portal,

    /// <summary>Works the queue; only health and metrics answer.</summary>
    Worker,
}

/// <summary>How the portal is started.</summary>
public sealed record PortalOptions
{
    /// <summary>1..65535; 0 = any free port (tests).</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Address to listen on; only this machine unless said otherwise.</summary>
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>Data folder of the installation.</summary>
    public string DataFolder { get; init; } = "./data";

    public bool Demo { get; init; } = true;

    public PortalRole Role { get; init; } = PortalRole.All;

    /// <summary>Url of the demo target that <c>./start</c> runs; null = no demo target is known.</summary>
    public string? DemoTarget { get; init; }

    /// <summary>Folders of this machine below which folder targets may be (<c>SECFLOW_TARGET_FOLDERS</c>, separated by colons).</summary>
    public IReadOnlyList<string> TargetFolders { get; init; } = [];

    /// <summary>Runs at the same time in this process, 1..64 (<c>SECFLOW_WORKER_SLOTS</c>).</summary>
    public int WorkerSlots { get; init; } = 2;

    /// <summary>Running runs of one team in the whole installation, 1..64, where no limit of the queue says otherwise (<c>SECFLOW_RUNS_PER_TEAM</c>).</summary>
    public int RunsPerTeam { get; init; } = 4;

    /// <summary>First administrator's password; null = a one-time link is printed.</summary>
    public string? AdminPassword { get; init; }

    /// <summary>The database; null = SQLite in the data folder.</summary>
    public DatabaseOptions? Database { get; init; }

    /// <summary>The only clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where words about the start go.</summary>
    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>Tries of one address at the sign-in per minute.</summary>
    public int SignInTriesPerMinute { get; init; } = 10;

    /// <summary>API requests of one token per minute.</summary>
    public int ApiRequestsPerMinute { get; init; } = 600;

    public const string Usage = """
        Usage: SecFlow.Portal [--port N] [--listen ADDRESS] [--data DIR] [--no-demo] [--role all|portal|worker] [--demo-target URL]
        Environment: SECFLOW_ADMIN_PASSWORD (first administrator's password, at least 12 characters), SECFLOW_DATABASE (PostgreSQL connection string; without it SQLite in the data folder), SECFLOW_TARGET_FOLDERS (folders below which folder targets may be, separated by colons), SECFLOW_WORKER_SLOTS (runs at the same time in this process, 1 to 64; 2), SECFLOW_RUNS_PER_TEAM (runs of a team at the same time, 1 to 64; 4), OTEL_EXPORTER_OTLP_ENDPOINT
        """;

    /// <summary>Reads arguments and environment. Throws every problem at once (SF1601).</summary>
    public static PortalOptions Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var problems = new List<Diagnostic>();
        var options = new PortalOptions { AdminPassword = NullIfEmpty(environment("SECFLOW_ADMIN_PASSWORD")), DemoTarget = NullIfEmpty(environment("SECFLOW_DEMO_TARGET")) };
        options = options with { TargetFolders = (environment("SECFLOW_TARGET_FOLDERS") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) };
        for (var i = 0; i < args.Count; i++)
        {
            var (name, inline) = Split(args[i]);
            if (name == "--no-demo")
            {
                options = options with { Demo = false };
                continue;
            }

            if (name is not ("--port" or "--listen" or "--data" or "--role" or "--demo-target"))
            {
                problems.Add(Problem($"'{args[i]}' is not an option."));
                continue;
            }

            var value = inline ?? (i + 1 < args.Count ? args[++i] : null);
            if (string.IsNullOrWhiteSpace(value))
            {
                problems.Add(Problem($"{name} needs a value."));
                continue;
            }

            options = Apply(options, name, value, problems);
        }

        try
        {
            options = options with { Database = DatabaseVariable.Read(environment) };
        }
        catch (SecFlowException wrong)
        {
            problems.AddRange(wrong.Diagnostics);
        }

        options = options with { WorkerSlots = Number("SECFLOW_WORKER_SLOTS", options.WorkerSlots), RunsPerTeam = Number("SECFLOW_RUNS_PER_TEAM", options.RunsPerTeam) };
        if (options.AdminPassword is { Length: < 12 })
        {
            problems.Add(Problem("SECFLOW_ADMIN_PASSWORD is shorter than 12 characters. Choose a longer one, or leave it out and use the one-time link."));
        }

        return problems.Count == 0 ? options : throw new SecFlowException(problems);

        int Number(string name, int otherwise)
        {
            if (NullIfEmpty(environment(name)) is not { } text)
            {
                return otherwise;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 64)
            {
                return number;
            }

            problems.Add(Problem($"{name} is '{text}': a number from 1 to 64 was expected."));
            return otherwise;
        }
    }

    private static PortalOptions Apply(PortalOptions options, string name, string value, List<Diagnostic> problems)
    {
        switch (name)
        {
            case "--port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535:
                return options with { Port = port };
            case "--port":
                problems.Add(Problem($"--port {value}: a number from 0 to 65535 was expected."));
                return options;
            case "--listen" when value == "localhost" || IPAddress.TryParse(value, out _):
                return options with { Listen = value };
            case "--listen":
                problems.Add(Problem($"--listen {value}: an address such as 127.0.0.1 or 0.0.0.0 was expected."));
                return options;
            case "--role" when Enum.TryParse<PortalRole>(value, ignoreCase: true, out var role) && !char.IsDigit(value[0]):
                return options with { Role = role };
            case "--role":
                problems.Add(Problem($"--role {value}: all, portal or worker was expected."));
                return options;
            case "--demo-target" when Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https":
                return options with { DemoTarget = value };
            case "--demo-target":
                problems.Add(Problem($"--demo-target {value}: an http or https url was expected."));
                return options;
            default:
                return options with { DataFolder = value };
        }
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var at = argument.IndexOf('=', StringComparison.Ordinal);
        return argument.StartsWith("--", StringComparison.Ordinal) && at > 0 ? (argument[..at], argument[(at + 1)..]) : (argument, null);
    }

    private static string? NullIfEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;

    private static Diagnostic Problem(string message) => new(Codes.OptionInvalid, message);
}
