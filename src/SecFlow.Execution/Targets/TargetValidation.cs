using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>Resolves a host name; throws <see cref="System.Net.Sockets.SocketException"/> when it has no address.</summary>
public delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken ct);

/// <summary>
/// Turns what a person typed into a target with one spelling, or answers everything that is wrong with it (SF1401, path = field).
/// A name is resolved once here, only to learn whether it means a private address that must be approved with it; a name that does not resolve (yet) is accepted.
/// </summary>
public sealed partial class TargetValidation(TimeProvider time, TargetFolders folders, ResolveHost? resolve = null)
{
    private static readonly TimeSpan ResolveTime = TimeSpan.FromSeconds(5);

    private readonly ResolveHost _resolve = resolve ?? Dns.GetHostAddressesAsync;

    /// <summary>A target without id, team, owner and authoriser. Throws every problem at once.</summary>
    public async Task<Target> ValidateAsync(NewTarget request, Guid teamId, CancellationToken ct)
    {
        var problems = new List<Diagnostic>();
        var target = await ReadAsync(request, teamId, problems, ct);
        return problems.Count == 0 ? target : throw new SecFlowException(problems);
    }

    /// <summary>The target as far as it can be read; every problem is added.</summary>
    internal async Task<Target> ReadAsync(NewTarget request, Guid teamId, List<Diagnostic> problems, CancellationToken ct)
    {
        var target = new Target
        {
            Kind = request.Kind,
            Name = Text(request.Name, "name", 1, 100, problems),
            AuthorisationReference = Text(request.AuthorisationReference, "authorisationReference", 3, 200, problems),
            AuthorisedUntil = Until(request.AuthorisedUntil, problems),
            MaxIntrusiveness = Known(request.MaxIntrusiveness, "maxIntrusiveness", problems),
            RequestsPerSecond = Rate(request.RequestsPerSecond, problems),
            Tags = ReadTags(request.Tags, problems),
            Owner = Text(request.Owner, "owner", 0, 200, problems),
            UserAgent = Agent(request.UserAgent, problems),
            Windows = TargetWindows.Read(request.Windows, problems).Text,
            Ports = Ports(request.Ports, problems),
        };
        var place = TargetValue.Read(request.Kind, request.Value, folders, teamId, problems);
        if (place is not null)
        {
            target.Value = place.Value;
            target.ApprovedAddress = await ApproveAsync(place, request.PrivateAddressApproved, problems, ct);
        }

        return target;
    }

    private async Task<string?> ApproveAsync(TargetPlace place, bool approved, List<Diagnostic> problems, CancellationToken ct)
    {
        if (place.Address is { } literal)
        {
            JudgeLiteral(place, AddressKinds.Of(literal), approved, problems);
            return null;
        }

        if (place.HostName is null)
        {
            return null;
        }

        var addresses = await ResolveAsync(place.HostName, ct);
        var special = addresses.FirstOrDefault(address => AddressKinds.Of(address) is AddressKind.OwnTargetOnly or AddressKind.Never);
        if (special is not null)
        {
            problems.Add(Problem("value", $"{place.HostName} resolves to {special}, which is never reached through a name.", "If that address is really meant, add a target with the address itself."));
            return null;
        }

        var inside = addresses.FirstOrDefault(address => AddressKinds.Of(address) is AddressKind.Private or AddressKind.Loopback);
        if (inside is not null && !approved)
        {
            problems.Add(NotApproved($"{place.HostName} resolves to {inside}, a {Word(AddressKinds.Of(inside))} address."));
        }

        return inside?.ToString();
    }

    private static void JudgeLiteral(TargetPlace place, AddressKind kind, bool approved, List<Diagnostic> problems)
    {
        if (kind == AddressKind.Never)
        {
            problems.Add(Problem("value", $"{place.Address} is not the address of a host (unspecified, multicast or reserved).", "Give the address of the host that you mean."));
        }
        else if (kind != AddressKind.Public && !approved)
        {
            problems.Add(NotApproved($"{place.Address} is a {Word(kind)} address."));
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(ResolveTime);
        try
        {
            // IPv4 first: the order in which it is shown and approved is the same on every machine.
            return [.. (await _resolve(host, limit.Token)).OrderBy(address => address.AddressFamily)];
        }
        catch (Exception error) when (error is System.Net.Sockets.SocketException || (error is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return [];
        }
    }

    private DateTimeOffset? Until(DateTimeOffset? until, List<Diagnostic> problems)
    {
        if (until <= time.GetUtcNow())
        {
            problems.Add(Problem("authorisedUntil", $"The authorisation would have ended already ({until:u}).", "Give an end in the future, or none."));
        }

        return until?.ToUniversalTime();
    }

    private static string Text(string? text, string field, int least, int most, List<Diagnostic> problems)
    {
        var trimmed = (text ?? "").Trim();
        if (trimmed.Length < least || trimmed.Length > most)
        {
            problems.Add(Problem(field, $"'{field}' has {trimmed.Length} characters.", $"Write {least} to {most} characters."));
        }

        if (trimmed.Any(letter => char.IsControl(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
        {
            problems.Add(Problem(field, $"'{field}' holds control or invisible characters.", "Write it in one line of plain text."));
        }

        return trimmed;
    }

    private static int Rate(int rate, List<Diagnostic> problems)
    {
        if (rate is < 1 or > 1000)
        {
            problems.Add(Problem("requestsPerSecond", $"{rate} requests per second are not possible.", "Give 1 to 1000; 10 is kind to most servers."));
        }

        return rate;
    }

    private static string Agent(string? text, List<Diagnostic> problems)
    {
        var agent = (text ?? "").Trim();
        if (agent.Length > 200 || agent.Any(letter => letter is < ' ' or > '~'))
        {
            problems.Add(Problem("userAgent", "The User-Agent is longer than 200 characters or holds others than visible ASCII.", "Write who scans and whom to ask, such as Example-Security (+mailto:security@example.com)."));
        }

        return agent;
    }

    private static Intrusiveness Known(Intrusiveness value, string field, List<Diagnostic> problems)
    {
        if (!Enum.IsDefined(value))
        {
            problems.Add(Problem(field, $"'{(int)value}' is not a level.", "Give Passive, Safe, Intrusive or Exploit."));
        }

        return value;
    }

    internal static string ReadTags(string? tags, List<Diagnostic> problems)
    {
        var parts = Parts(tags).Distinct(StringComparer.Ordinal).ToList();
        if (parts.Find(tag => !TagPattern().IsMatch(tag)) is { } wrong)
        {
            problems.Add(Problem("tags", $"'{Show(wrong)}' is not a tag.", "Use letters, digits and . _ : - (at most 50), separated by spaces."));
        }

        var joined = string.Join(' ', parts);
        if (joined.Length > 500)
        {
            problems.Add(Problem("tags", $"The tags have {joined.Length} characters.", "Use at most 500."));
        }

        return joined;
    }

    private static string Ports(string? ports, List<Diagnostic> problems)
    {
        var numbers = new SortedSet<int>();
        foreach (var part in Parts(ports))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535)
            {
                numbers.Add(port);
            }
            else
            {
                problems.Add(Problem("ports", $"'{Show(part)}' is not a port.", "Give numbers from 1 to 65535, separated by spaces."));
            }
        }

        if (numbers.Count > 64)
        {
            problems.Add(Problem("ports", $"{numbers.Count} ports are too many.", "Give at most 64."));
        }

        return string.Join(' ', numbers);
    }

    private static string[] Parts(string? text) => (text ?? "").Split([' ', ',', ';', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static Diagnostic NotApproved(string what) =>
        Problem("privateAddressApproved", what + " That must be said explicitly.", "Approve the private address if it is really meant.");

    internal static Diagnostic Problem(string field, string message, string remedy) =>
        new(Codes.TargetInvalid, $"{message} {remedy}") { Path = field, Remedy = remedy };

    /// <summary>Part of a value for a message: short and without control characters.</summary>
    internal static string Show(string text)
    {
        var clean = string.Concat(text.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '\uFFFD' : letter));
        return clean.Length <= 80 ? clean : clean[..79] + "…";
    }

    private static string Word(AddressKind kind) => kind switch
    {
        AddressKind.Loopback => "loopback",
        AddressKind.OwnTargetOnly => "link-local or metadata",
        _ => "private",
    };

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._:-]{0,49}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TagPattern();
}
