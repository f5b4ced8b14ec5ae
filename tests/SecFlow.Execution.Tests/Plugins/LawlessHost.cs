using System.Text;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>A plugin host whose "interpreter was taken over": it greets as it should, then sends what the script says, one frame a line, as it stands. A line <c>raw HEX</c> is sent without a length.</summary>
internal static class LawlessHost
{
    public static int Run()
    {
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        Frames.Write(output, new ReadyMessage(Frames.Version, []));
        var start = (StartMessage)Frames.ReadEngineMessage(input)!;
        foreach (var line in start.Source.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("raw ", StringComparison.Ordinal))
            {
                output.Write(Convert.FromHexString(line[4..]));
                output.Flush();
            }
            else if (line == "end")
            {
                return 0;
            }
            else
            {
                Frames.WriteBody(output, Encoding.UTF8.GetBytes(line));
            }
        }

        // it waits for its fate
        while (input.ReadByte() >= 0)
        {
        }

        return 0;
    }

    /// <summary>A folder from which it starts where the real host would.</summary>
    public static string Prepare(string folder)
    {
        var name = typeof(LawlessHost).Assembly.GetName().Name!;
        var real = Path.GetDirectoryName(Execution.Sandboxing.PluginHostProgram.DefaultPath)!;
        Directory.CreateDirectory(folder);
        File.Copy(typeof(LawlessHost).Assembly.Location, Path.Combine(folder, name + ".dll"));
        File.Copy(Path.Combine(real, "SecFlow.PluginHost.runtimeconfig.json"), Path.Combine(folder, name + ".runtimeconfig.json"));
        File.Copy(Path.Combine(real, "SecFlow.PluginProtocol.dll"), Path.Combine(folder, "SecFlow.PluginProtocol.dll"));
        return Path.Combine(folder, name + ".dll");
    }
}
