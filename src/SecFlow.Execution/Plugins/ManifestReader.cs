using System.Text.RegularExpressions;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Plugins;

/// <summary>A manifest that was read: the manifest when there is no problem, else all problems at once, each with line, column and path.</summary>
public sealed record ManifestReading(PluginManifest? Manifest, IReadOnlyList<Diagnostic> Problems);

/// <summary>Reads <c>plugin.yaml</c> (docs/schemas/plugin-manifest.schema.json) strictly: an unknown key is an error, nothing is guessed.</summary>
public static partial class ManifestReader
{
    public const string FileName = "plugin.yaml";

    private static readonly string[] _categories = ["discovery", "scan", "enrich", "filter", "analysis", "report"];
    private static readonly string[] _types = ["urls", "hosts", "services", "files", "findings", "json"];
    private static readonly string[] _systems = ["debian", "ubuntu", "fedora", "alpine", "arch", "macos", "windows", "any"];

    /// <summary>Fields that stay the same when the same weakness is seen again; severity, times and free text do not.</summary>
    private static readonly string[] _fingerprintFields = ["ruleId", "title", "location", "method", "parameter", "cwe", "cve", "owasp"];

    private static readonly Dictionary<string, Intrusiveness> _intrusiveness = new(StringComparer.Ordinal)
    {
        ["passive"] = Intrusiveness.Passive,
        ["safe"] = Intrusiveness.Safe,
        ["intrusive"] = Intrusiveness.Intrusive,
        ["exploit"] = Intrusiveness.Exploit,
    };

    private static readonly Dictionary<string, SandboxLevel> _levels = new(StringComparer.Ordinal)
    {
        ["L1"] = SandboxLevel.L1,
        ["L2"] = SandboxLevel.L2,
        ["L3"] = SandboxLevel.L3,
    };

    private static readonly Dictionary<string, Limit> _hostLimits = new(StringComparer.Ordinal)
    {
        ["callbackMilliseconds"] = Limits.HostCallbackMilliseconds,
        ["statements"] = Limits.HostStatements,
        ["recursion"] = Limits.HostRecursion,
        ["cpuSeconds"] = Limits.HostCpuSeconds,
        ["heapBytes"] = Limits.HostHeapBytes,
        ["silentSeconds"] = Limits.HostSilentSeconds,
    };

    private static readonly Dictionary<string, Limit> _toolLimits = new(StringComparer.Ordinal)
    {
        ["cpuSeconds"] = Limits.ToolCpuSeconds,
        ["memoryBytes"] = Limits.ToolMemoryBytes,
        ["processes"] = Limits.ToolProcesses,
        ["openFiles"] = Limits.ToolOpenFiles,
        ["scratchBytes"] = Limits.ToolScratchBytes,
    };

    /// <summary>Reads the bytes of a <c>plugin.yaml</c>, at most 64 KiB.</summary>
    public static ManifestReading Read(ReadOnlyMemory<byte> utf8)
    {
        var problems = new YamlProblems(YamlForm.Manifest);
        var root = YamlTree.Read(utf8, problems);
        var manifest = root is null ? null : Manifest(new YamlFields(
            root, "", problems, "apiVersion", "id", "aliases", "version", "title", "description", "publisher", "license", "homepage", "intrusiveness", "inputs",
            "outputs", "tools", "permissions", "fingerprint", "minLevel", "limits"));
        return new ManifestReading(problems.Count == 0 ? manifest : null, problems.All);
    }

    private static PluginManifest Manifest(YamlFields fields)
    {
        fields.Text("apiVersion", "'secflow/v1'", 20, required: true, ApiVersion());
        var id = fields.Text("id", "category.name in lower case, such as scan.web-baseline", 100, required: true, IdPattern()) ?? "";
        Category(fields, "id", id);
        var aliases = fields.Texts("aliases", "an id such as scan.web-baseline", 16, IdPattern());
        foreach (var alias in aliases)
        {
            Category(fields, "aliases", alias);
            if (alias == id)
            {
                fields.Problem("aliases", $"The alias '{alias}' is the id itself. Remove it.");
            }
        }

        var limits = fields.Object("limits", "host", "tool");
        return new PluginManifest
        {
            Id = id,
            Aliases = aliases,
            Version = fields.Text("version", "a SemVer 2 version such as 1.4.0", 64, required: true, SemVer()) ?? "",
            Title = fields.Text("title", "a text", 100, required: true) ?? "",
            Description = fields.Text("description", "a text", 500) ?? "",
            Publisher = fields.Text("publisher", "a text", 100) ?? "",
            License = fields.Text("license", "an SPDX expression such as Apache-2.0", 100) ?? "",
            Homepage = fields.Text("homepage", "an http or https url", 500, pattern: Url()),
            Intrusiveness = fields.Choice("intrusiveness", _intrusiveness, required: true) ?? default,
            Inputs = Ports(fields, "inputs"),
            Outputs = Ports(fields, "outputs"),
            Tools = Tools(fields),
            Permissions = Permissions(fields),
            Fingerprint = Fingerprint(fields, id),
            MinLevel = fields.Choice("minLevel", _levels) ?? SandboxLevel.L2,
            HostLimits = LimitsOf(limits, "host", _hostLimits),
            ToolLimits = LimitsOf(limits, "tool", _toolLimits),
        };
    }

    private static void Category(YamlFields fields, string key, string id)
    {
        var category = id.Split('.')[0];
        if (id.Length > 0 && !_categories.Contains(category, StringComparer.Ordinal))
        {
            fields.Problem(key, $"The category '{category}' of '{id}' is not known.{Spelling.Hint(category, _categories)} Categories: {string.Join(", ", _categories)}.");
        }
    }

    private static List<PluginPort> Ports(YamlFields fields, string key)
    {
        var ports = new List<PluginPort>();
        foreach (var (name, port) in fields.Named(key, "a port name such as urls (a letter, then letters, digits, - and _)", 16, PortName(), "type", "required"))
        {
            var type = port.Text("type", "one of " + string.Join(", ", _types), 20, required: true) ?? "";
            if (type.Length > 0 && !_types.Contains(type, StringComparer.Ordinal))
            {
                port.Problem("type", $"The type '{type}' is not known.{Spelling.Hint(type, _types)} Types: {string.Join(", ", _types)}.");
            }

            ports.Add(new PluginPort(name, type, port.Flag("required", fallback: false)));
        }

        return ports;
    }

    private static List<PluginTool> Tools(YamlFields fields)
    {
        var tools = new List<PluginTool>();
        foreach (var tool in fields.Objects("tools", 16, "name", "minVersion", "versionArgs", "versionPattern", "install"))
        {
            var name = tool.Text("name", "a program name without a path, such as nuclei", 64, required: true, ToolName()) ?? "";
            var pattern = tool.Text("versionPattern", "a regular expression", 200);
            if (pattern is not null && !IsLinearPattern(pattern))
            {
                tool.Problem("versionPattern", "'versionPattern' must be a regular expression without look-around and back-references.");
            }

            var install = new Dictionary<string, string>(StringComparer.Ordinal);
            var hints = tool.Object("install", _systems);
            foreach (var system in _systems)
            {
                if (hints?.Text(system, "a hint", 300) is { } hint)
                {
                    install[system] = hint;
                }
            }

            if (tools.Exists(t => t.Name == name))
            {
                tool.Problem("name", $"The tool '{name}' is declared twice.");
            }

            tools.Add(new PluginTool(
                name, tool.Text("minVersion", "a version such as 3.1.0", 64, pattern: ToolVersion()), tool.Texts("versionArgs", "an argument", 8), pattern, install));
        }

        return tools;
    }

    private static PluginPermissions Permissions(YamlFields fields)
    {
        if (fields.Object("permissions", "network", "files", "secrets", "resources") is not { } permissions)
        {
            return new PluginPermissions(NetworkPermission.None, [], TargetFiles: false, [], []);
        }

        var (network, hosts) = Network(permissions);
        var files = permissions.Choice("files", new Dictionary<string, bool>(StringComparer.Ordinal) { ["none"] = false, ["target"] = true }) ?? false;
        return new PluginPermissions(
            network,
            hosts,
            files,
            permissions.Texts("secrets", "a secret's name such as api-token", 32, SecretName()),
            permissions.Texts("resources", "a resource such as res://wordlist/common:latest or all of a type such as res://wordlist/*", 32, ResourceUri()));
    }

    private static (NetworkPermission Network, IReadOnlyList<string> Hosts) Network(YamlFields permissions)
    {
        switch (permissions.Word("network"))
        {
            case null when !permissions.Has("network"):
            case "none":
                return (NetworkPermission.None, []);
            case "targets":
                return (NetworkPermission.Targets, []);
            case { } other:
                permissions.Problem("network", $"'network' must be none, targets or {{hosts: [name:port]}}; found '{other}'.{Spelling.Hint(other, ["none", "targets"])}");
                return (NetworkPermission.None, []);
        }

        if (permissions.Object("network", "hosts") is not { } network)
        {
            return (NetworkPermission.None, []);
        }

        var hosts = network.Texts("hosts", "name:port such as api.example.org:443", 32, HostPort());
        foreach (var host in hosts.Where(h => int.Parse(h[(h.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture) is 0 or > 65535))
        {
            network.Problem("hosts", $"The port of '{host}' is outside 1 to 65535.");
        }

        if (hosts.Count == 0)
        {
            network.Problem("hosts", "'hosts' must name at least one name:port; use 'network: none' for none.");
        }

        return (NetworkPermission.Hosts, hosts);
    }

    private static IReadOnlyList<string> Fingerprint(YamlFields fields, string id)
    {
        if (fields.Has("fingerprint"))
        {
            var chosen = fields.Texts("fingerprint", "one of " + string.Join(", ", _fingerprintFields), 8, choices: _fingerprintFields);
            if (chosen.Count == 0)
            {
                fields.Problem("fingerprint", $"'fingerprint' must name at least one of {string.Join(", ", _fingerprintFields)}.");
            }

            return chosen;
        }

        return id.Split('.')[0] switch
        {
            "scan" => ["ruleId", "location", "method", "parameter"],
            "discovery" or "analysis" => ["ruleId", "location"],
            _ => [],
        };
    }

    private static Dictionary<string, long> LimitsOf(YamlFields? limits, string key, Dictionary<string, Limit> known)
    {
        var asked = new Dictionary<string, long>(StringComparer.Ordinal);
        if (limits?.Object(key, [.. known.Keys]) is { } fields)
        {
            foreach (var (name, limit) in known)
            {
                if (fields.Integer(name, 1, limit.Ceiling) is { } value)
                {
                    asked[name] = value;
                }
            }
        }

        return asked;
    }

    private static bool IsLinearPattern(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\Asecflow/v1\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ApiVersion();

    [GeneratedRegex(@"\A[a-z][a-z0-9]*(\.[a-z][a-z0-9-]*)+\z", RegexOptions.CultureInvariant, 1000)]
    internal static partial Regex IdPattern();

    // https://semver.org, the suggested expression
    [GeneratedRegex(@"\A(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?\z", RegexOptions.CultureInvariant, 1000)]
    internal static partial Regex SemVer();

    [GeneratedRegex(@"\A[a-z][a-zA-Z0-9_-]{0,62}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PortName();

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9._+-]{0,62}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ToolName();

    [GeneratedRegex(@"\A[0-9]+(\.[0-9]+){0,3}([-+.][0-9A-Za-z.-]+)?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ToolVersion();

    [GeneratedRegex(@"\Ahttps?://[^\s""'<>\\]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Url();

    [GeneratedRegex(@"\A[a-z][a-z0-9_.-]{0,62}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\Ares://(wordlist|cve|templates)/(\*|[a-z0-9][a-z0-9._-]{0,99}(:(\*|[A-Za-z0-9._-]{1,64}))?)\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ResourceUri();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?:[0-9]{1,5}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex HostPort();
}
