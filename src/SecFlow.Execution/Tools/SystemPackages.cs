using System.Security.Cryptography;

namespace SecFlow.Execution.Tools;

/// <summary>
/// What the system's package manager (dpkg) says of a file, read from its own database, which only root can write: whoever could change it could change the file as well.
/// Its digests are MD5: enough to tell that a file is the package's, not more than the database itself is worth.
/// </summary>
internal sealed class SystemPackages(string folder = "/var/lib/dpkg")
{
    /// <summary><c>nmap 7.93+dfsg1-1</c> when the file belongs to an installed package and has the digest that came with it; null otherwise.</summary>
    public async Task<string?> OwnerAsync(string path, CancellationToken ct)
    {
        var info = Path.Combine(folder, "info");
        if (!Directory.Exists(info) || !File.Exists(path))
        {
            return null;
        }

        var names = Names(path);
        foreach (var sums in Directory.EnumerateFiles(info, "*.md5sums"))
        {
            foreach (var line in await File.ReadAllLinesAsync(sums, ct))
            {
                // d41d8cd98f00b204e9800998ecf8427e  usr/bin/nmap
                if (line.Length > 34 && names.Contains(line[34..]))
                {
                    return await Md5Async(path, ct) == line[..32] ? await VersionAsync(Path.GetFileNameWithoutExtension(sums), ct) : null;
                }
            }
        }

        return null;
    }

    // Where / and /usr are merged, a package may still say bin/sh for usr/bin/sh.
    private static HashSet<string> Names(string path)
    {
        var name = (new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path).TrimStart('/');
        return name.StartsWith("usr/", StringComparison.Ordinal) ? [name, name[4..]] : [name, "usr/" + name];
    }

    private static async Task<string> Md5Async(string path, CancellationToken ct)
    {
        await using var file = File.OpenRead(path);
#pragma warning disable CA5351 // dpkg's database has no other digest; see above
        return Convert.ToHexStringLower(await MD5.HashDataAsync(file, ct));
#pragma warning restore CA5351
    }

    private async Task<string?> VersionAsync(string package, CancellationToken ct)
    {
        var name = package.Split(':')[0];
        var inside = false;
        await foreach (var line in File.ReadLinesAsync(Path.Combine(folder, "status"), ct))
        {
            if (line.StartsWith("Package: ", StringComparison.Ordinal))
            {
                inside = line[9..] == name;
            }
            else if (inside && line.StartsWith("Version: ", StringComparison.Ordinal))
            {
                return $"{name} {line[9..]}";
            }
        }

        return null;
    }
}
