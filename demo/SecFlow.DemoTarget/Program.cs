using System.Globalization;
using System.Net;
using System.Text.Json;
using SecFlow.DemoTarget;

const string Usage = """
    SecFlow.DemoTarget [--port N] [--address 127.0.0.1] [--seed N] [--faults demo|none|all|random|NAME,NAME] [--list]
      --faults   demo (default): a fixed set; random: chosen by the seed; or names, see --list with --faults all
      --list     prints the planted faults as JSON and ends: rule, path and parameter that a correct scanner reports
    """;

int port = 8090, seed = 1;
string address = "127.0.0.1", chosen = "demo";
var list = false;
for (var i = 0; i < args.Length; i++)
{
    string Value() => i + 1 < args.Length ? args[++i] : "";
    var understood = args[i] switch
    {
        "--port" => int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 0 and <= 65535,
        "--seed" => int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out seed),
        "--address" => (address = Value()).Length > 0,
        "--faults" => (chosen = Value()).Length > 0,
        "--list" => list = true,
        _ => false,
    };
    if (!understood)
    {
        Console.Error.WriteLine($"Not understood at '{args[Math.Min(i, args.Length - 1)]}'.\n{Usage}");
        return 2;
    }
}

try
{
    var faults = DemoFaults.Choose(chosen, seed);
    if (list)
    {
        Console.WriteLine(JsonSerializer.Serialize(DemoFaults.Plant(new DemoSite(), faults, seed), new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true }));
        return 0;
    }

    if (!IPAddress.TryParse(address, out var parsed))
    {
        Console.Error.WriteLine($"'{address}' is not an IP address. Use 127.0.0.1.");
        return 2;
    }

    await using var target = await WeakShop.StartAsync(faults, seed, port, parsed);
    Console.WriteLine($"The demo target is ready at {target.Url}");
    await target.WaitAsync(CancellationToken.None);
    return 0;
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (IOException e)
{
    Console.Error.WriteLine($"The demo target cannot listen on {address}:{port}: {e.Message} Choose another port with --port.");
    return 4;
}
