namespace SecFlow.Benchmarks.Tests;

/// <summary>One call of ./bench in this process.</summary>
internal sealed record BenchRun(int Code, string Out, string Error)
{
    public static async Task<BenchRun> OfAsync(params string[] args)
    {
        await using var stdout = new StringWriter { NewLine = "\n" };
        await using var stderr = new StringWriter { NewLine = "\n" };
        string[] portal = ["dotnet", Path.Combine(AppContext.BaseDirectory, "SecFlow.Portal.dll"), "--no-demo"];
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        var code = await BenchApp.RunAsync(args, stdout, stderr, portal, limit.Token);
        return new BenchRun(code, stdout.ToString(), stderr.ToString());
    }
}
