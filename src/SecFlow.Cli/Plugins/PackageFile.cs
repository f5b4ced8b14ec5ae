using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

internal static class PackageFile
{
    /// <summary>The usual name of a package's zip, such as <c>scan.hello-0.1.0.zip</c>.</summary>
    public static string NameOf(PluginPackage package) => $"{package.ReadManifest().Id}-{package.ReadManifest().Version}.zip";

    /// <summary>Writes beside the file first, so that a package is there whole or not at all.</summary>
    public static async Task WriteAsync(PluginPackage package, string path, CancellationToken ct)
    {
        if (Directory.Exists(path))
        {
            PackageWriter.WriteFolder(package, path);
            return;
        }

        var temporary = path + ".new";
        await using (var stream = File.Create(temporary))
        {
            using var zip = new MemoryStream();
            PackageWriter.WriteZip(package, zip);
            zip.Position = 0;
            await zip.CopyToAsync(stream, ct);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
