using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>Where a target is.</summary>
/// <param name="Value">The one spelling that is stored.</param>
/// <param name="Address">The address, when the value is one or a range (then its first).</param>
/// <param name="HostName">The ASCII host name, when the value has one.</param>
internal sealed record TargetPlace(string Value, IPAddress? Address, string? HostName);

/// <summary>
/// Reads the value of a target. One spelling per place, so that two people who mean the same target write the same value:
/// <code>
/// url     HTTP://Bücher.Example:80/a/../b   ->  http://xn--bcher-kva.example/b       (no user, query, fragment, backslash, white space)
/// host    Example.COM.                      ->  example.com                           [::1]  ->  ::1
/// cidr    10.1.0.0/16                       (10.1.2.3/16 is answered with the right network; at most 65,536 addresses)
/// folder  /srv/app/                         ->  /srv/app                              (absolute, there, below an allowed one, no link, not the system's, not SecFlow's own), or archive:sha256:... of the team
/// </code>
/// </summary>
internal static partial class TargetValue
{
    private const int MaxLength = 2048;

    public static TargetPlace? Read(TargetKind kind, string? value, TargetFolders folders, Guid teamId, List<Diagnostic> problems)
    {
        var text = (value ?? "").Trim();
        if (text.Length is 0 or > MaxLength)
        {
            problems.Add(Wrong(text.Length == 0 ? "The value is empty." : $"The value has {text.Length} characters.", $"Give 1 to {MaxLength} characters."));
            return null;
        }

        if (text.Any(letter => char.IsControl(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
        {
            problems.Add(Wrong("The value holds control or invisible characters.", "Type it instead of pasting it."));
            return null;
        }

        switch (kind)
        {
            case TargetKind.Url:
                return ReadUrl(text, problems);
            case TargetKind.Host:
                return ReadHost(text, problems);
            case TargetKind.Cidr:
                return ReadCidr(text, problems);
            case TargetKind.Folder:
                return folders.Read(text, teamId, problems) is { } folder ? new TargetPlace(folder, null, null) : null;
            default:
                problems.Add(TargetValidation.Problem("kind", $"'{(int)kind}' is not a kind of target.", "Give Url, Host, Cidr or Folder."));
                return null;
        }
    }

    private static TargetPlace? ReadUrl(string text, List<Diagnostic> problems)
    {
        var before = problems.Count;
        if (text.Any(char.IsWhiteSpace) || text.Contains('\\', StringComparison.Ordinal))
        {
            problems.Add(Wrong("A url holds no white space and no backslash.", "Encode a space as %20."));
        }

        if (UrlPattern().Match(text) is not { Success: true } parts || !Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' is not a url of http or https.", "Give the whole url, such as https://app.example/."));
            return null;
        }

        if (parts.Groups["authority"].Value.Contains('@', StringComparison.Ordinal))
        {
            problems.Add(Wrong("A url of a target holds no user name and no password.", "Remove what stands before the @; they would be stored and logged."));
        }

        if (url.Fragment.Length > 0 || text.Contains('#', StringComparison.Ordinal))
        {
            problems.Add(Wrong("A fragment (#...) is never sent to a server.", "Remove it."));
        }

        if (text.Contains('?', StringComparison.Ordinal))
        {
            problems.Add(Wrong("A target is a place, not one request.", "Remove the query (?...)."));
        }

        if (url.Port is < 1 or > 65535)
        {
            problems.Add(Wrong($"{url.Port} is not a port that can be reached.", "Give a port from 1 to 65535."));
        }

        if (problems.Count > before || HostOf(HostPart(parts.Groups["authority"].Value), problems) is not { } host)
        {
            return null;
        }

        var name = host.Address is { AddressFamily: AddressFamily.InterNetworkV6 } ? $"[{host.Value}]" : host.Value;
        var port = url.IsDefaultPort ? "" : $":{url.Port}";
        return host with { Value = $"{url.Scheme}://{name}{port}{url.AbsolutePath}" };
    }

    private static TargetPlace? ReadHost(string text, List<Diagnostic> problems)
    {
        if (text.Contains("://", StringComparison.Ordinal) || text.Contains('/', StringComparison.Ordinal))
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' is more than a host.", "Give the name or address only, or choose the kind url or cidr."));
            return null;
        }

        if (HostAndPort().IsMatch(text))
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' names a port.", "Give the host only, and its ports in the field ports."));
            return null;
        }

        return HostOf(text, problems);
    }

    private static TargetPlace? ReadCidr(string text, List<Diagnostic> problems)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1
            || ReadAddress(text[..slash]) is not { } address
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var prefix)
            || prefix > address.GetAddressBytes().Length * 8)
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' is not a network.", "Give address/length, such as 192.0.2.0/24."));
            return null;
        }

        var least = (address.GetAddressBytes().Length * 8) - 16;
        if (prefix < least)
        {
            problems.Add(Wrong($"/{prefix} is more than 65,536 addresses.", $"Give /{least} or longer, several targets if need be."));
            return null;
        }

        var network = NetworkOf(address, prefix);
        if (!network.Equals(address))
        {
            problems.Add(Wrong($"{address} is inside the network, not its first address.", $"Did you mean {network}/{prefix}, or {address}/{address.GetAddressBytes().Length * 8} for this one address?"));
            return null;
        }

        return new TargetPlace($"{network}/{prefix}", network, null);
    }

    private static TargetPlace? HostOf(string text, List<Diagnostic> problems)
    {
        var bare = text is ['[', .., ']'] ? text[1..^1] : text;
        if (ReadAddress(bare) is { } address)
        {
            return new TargetPlace(address.ToString(), address, null);
        }

        if (IPAddress.TryParse(bare, out _) || NumbersOnly().IsMatch(bare))
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' is an address in an unusual form.", "Write IPv4 as four decimal numbers (192.0.2.7), IPv6 without a zone."));
            return null;
        }

        string ascii;
        try
        {
            ascii = new IdnMapping { UseStd3AsciiRules = false }.GetAscii(bare.TrimEnd('.')).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' is not a host name.", "Write the name as in DNS, such as app.example."));
            return null;
        }

        if (ascii.Length > 253 || !NamePattern().IsMatch(ascii))
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' is not a host name.", "Use letters, digits, - and dots; at most 63 characters between two dots, 253 in all."));
            return null;
        }

        return new TargetPlace(ascii, null, ascii);
    }

    /// <summary>The address when it is written in the usual form; the forms that parsers disagree about (127.1, 0x7f.1, 010.0.0.1, zones) are none.</summary>
    private static IPAddress? ReadAddress(string text)
    {
        if (!IPAddress.TryParse(text, out var address) || text.Contains('%', StringComparison.Ordinal))
        {
            return null;
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return address.ToString() == text ? address : null;
        }

        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static IPAddress NetworkOf(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private static string HostPart(string authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon > authority.LastIndexOf(']') ? authority[..colon] : authority;
    }

    private static Diagnostic Wrong(string message, string remedy) => TargetValidation.Problem("value", message, remedy);

    [GeneratedRegex(@"^(?i:https?)://(?<authority>[^/?#\\]+)([/?#].*)?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UrlPattern();

    [GeneratedRegex(@"^(\[[^\]]*\]|[^:\[\]]+):[0-9]+\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HostAndPort();

    // All-numeric last labels are read as addresses by some parsers and as names by others.
    [GeneratedRegex(@"^(.*\.)?(0[xX][0-9a-fA-F]*|[0-9]+)\.?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NumbersOnly();

    [GeneratedRegex(@"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();
}
