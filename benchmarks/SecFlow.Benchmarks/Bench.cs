using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks;

/// <summary>One call of ./bench: where it works, how much it does, and what it has measured already.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly Dictionary<string, Sampled> _measured = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, IAsyncDisposable> _shared = [];

    public Bench(bool quick, TextWriter words)
    {
        (Quick, Words) = (quick, words);
        Folder = Directory.CreateTempSubdirectory("secflow-bench-").FullName;
    }

    public bool Quick { get; }

    /// <summary>For people; never part of the output.</summary>
    public TextWriter Words { get; }

    /// <summary>A folder of this call, on the disk whose synced writes are measured.</summary>
    public string Folder { get; }

    /// <summary>Program and first arguments that start a portal; <c>--port</c> and <c>--data</c> follow. Null = ./start of the working copy.</summary>
    public IReadOnlyList<string>? Portal { get; init; }

    /// <summary>The folder with SecFlow.sln.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The full count, or the tiny one.</summary>
    public int Count(int full, int quick) => Quick ? quick : full;

    /// <summary>Measures once in a call, however many others compare themselves with it.</summary>
    public async Task<Sampled> MeasureAsync(string name, CancellationToken ct)
    {
        if (!_measured.TryGetValue(name, out var sampled))
        {
            sampled = await Catalog.Find(name)!.RunAsync(this, ct);
            _measured[name] = sampled;
        }

        return sampled;
    }

    /// <summary>Another benchmark of this call as a reference; null when it was skipped.</summary>
    public async Task<Reference?> ReferenceAsync(string name, CancellationToken ct)
    {
        var sampled = await MeasureAsync(name, ct);
        return sampled.Samples.Count == 0 ? null : new Reference($"{name}: {Catalog.Find(name)!.What}", Statistics.Median(sampled.Samples));
    }

    /// <summary>Like <see cref="ReferenceAsync"/>, but only when it was asked for and measured before; null otherwise.</summary>
    public async Task<Reference?> MeasuredAsync(string name) => _measured.ContainsKey(name) ? await ReferenceAsync(name, CancellationToken.None) : null;

    /// <summary>What several benchmarks use; ends with the call.</summary>
    public async Task<T> SharedAsync<T>(Func<Task<T>> make)
        where T : class, IAsyncDisposable
    {
        if (!_shared.TryGetValue(typeof(T), out var one))
        {
            _shared[typeof(T)] = one = await make();
        }

        return (T)one;
    }

    /// <summary>One synced write of 4 KiB now, ms: durable figures are comparable only beside it.</summary>
    public double SyncedWriteMs() => SyncedWrite.MedianMs(Folder, Count(100, 10));

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _shared.Values.Reverse())
        {
            await one.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("./bench measures a working copy: SecFlow.sln was not found above the program.");
        }

        return folder.FullName;
    }
}
