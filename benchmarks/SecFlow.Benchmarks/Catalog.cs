using SecFlow.Benchmarks.Findings;
using SecFlow.Benchmarks.Nodes;
using SecFlow.Benchmarks.Peers;
using SecFlow.Benchmarks.Sandboxing;
using SecFlow.Benchmarks.Schedules;
using SecFlow.Benchmarks.Starts;
using SecFlow.Benchmarks.Trust;

namespace SecFlow.Benchmarks;

/// <summary>Everything that is measured, in the order in which it is: references before what is compared with them.</summary>
internal static class Catalog
{
    public static readonly IReadOnlyList<Benchmark> All =
    [
        new("synced-write", "ms", Better.Lower, null, "one appended and synced write of 4 KiB on this disk", DatabaseLimits.SyncedWriteAsync),
        new("sqlite-commit", "ms", Better.Lower, null, "one synced SQLite commit of the bare driver: the least a durable step can cost", DatabaseLimits.CommitAsync),
        new("sqlite-insert", "rows/s", Better.Higher, null, "rows of staged records by the bare driver, 1,000 per synced commit", DatabaseLimits.InsertAsync),
        new("ef-insert", "rows/s", Better.Higher, null, "the same rows by EF Core, 1,000 per synced commit", DatabaseLimits.EntityFrameworkAsync),
        new("bubblewrap-node", "ms", Better.Lower, null, "a step as fresh bubblewrap + node + synced SQLite commit", BubblewrapNode.StepAsync),
        new("bullmq-step", "ms", Better.Lower, null, "a step of a BullMQ flow with a synced log and a child process", BullMq.StepAsync) { Peer = true },
        new("sigstore-js", "ms", Better.Lower, null, "the bundle of keyless-verify by @sigstore/verify, warm", SigstoreJs.Rekor1Async) { Peer = true },
        new("sigstore-js-rekor2", "ms", Better.Lower, null, "the bundle of keyless-rekor2 by @sigstore/verify, warm", SigstoreJs.Rekor2Async) { Peer = true },
        new("keyless-verify", "ms", Better.Lower, 15, "a keyless bundle verified offline, warm: log of Rekor 1, timestamp, certificate, identity", Verification.Rekor1Async),
        new("keyless-rekor2", "ms", Better.Lower, 15, "the same with a log of Rekor 2, whose checkpoint is signed by Ed25519", Verification.Rekor2Async),
        new("rehash", "ms", Better.Lower, 5, "a package of 1 MiB read and compared with its checksums, as before each node", Verification.RehashAsync),
        new("host-cold", "ms", Better.Lower, 80, "a plugin host from nothing: sandbox, runtime, confinement, first answer", HostStarts.ColdAsync),
        new("host-pooled", "ms", Better.Lower, 5, "the first answer of a plugin host that was started before", HostStarts.PooledAsync),
        new("network-pasta", "ms", Better.Lower, 60, "a sandbox's own network to another host: rules loaded, read back and proved, until the tool starts", NetworkStarts.RoutedAsync),
        new("network-loopback", "ms", Better.Lower, 200, "the same to this machine's loopback, by translation of the approved ports", NetworkStarts.LoopbackAsync),
        new("node-same", "ms", Better.Lower, 5, "a light node of a run of 40 with one plugin, durable and sandboxed, work included", NodeOverhead.SameAsync),
        new("node-distinct", "ms", Better.Lower, 45, "a light node of a run of 40 with 40 plugins, durable and sandboxed, work included", NodeOverhead.DistinctAsync),
        new("telemetry", "%", Better.Lower, 5, "what rollups, baselines, traces and alert rules add to a run of 40 light nodes: medians of runs with and without, in turns", Telemetry.CostAsync),
        new("node-long", "%", Better.Higher, 97, "share of a long node's time that is spent in its work", LongNodes.ShareAsync),
        new("bullmq-schedules", "ms", Better.Lower, null, "how late the jobs of 1,000 BullMQ job schedulers of one instant begin (p99), with a synced log and one worker", BullMq.SchedulesAsync) { Peer = true },
        new("schedules-burst", "ms", Better.Lower, 1200, "1,000 schedules due at one instant, until their runs are committed (p99), SQLite", ScheduleBurst.SqliteAsync),
        new("schedules-burst-postgres", "ms", Better.Lower, 1200, "the same on PostgreSQL", ScheduleBurst.PostgresAsync),
        new("emit", "records/s", Better.Higher, 20_000, "records from ctx.emit, validated and staged durably", EmitThroughput.RecordsAsync),
        new("emit-node", "records/s", Better.Higher, null, "the same from the start of the node to its checkpoint, with its dataset", EmitThroughput.NodeAsync),
        new("dataset-1m", "MiB", Better.Lower, 64, "growth of the engine's live memory while 1,000,000 records go through a node", DatasetStream.GrowthAsync) { Longest = TimeSpan.FromMinutes(15) },
        new("ingest-20", "findings/s", Better.Higher, null, "findings of 20 runs at once, 10,000 each, from their start until all are merged", IngestLoad.FindingsAsync) { Longest = TimeSpan.FromMinutes(15) },
        new("ingest-20-pages", "ms", Better.Lower, 500, "the slowest hundredth of pages that are opened meanwhile", IngestLoad.PagesAsync) { Longest = TimeSpan.FromMinutes(15) },
        new("start-cold", "s", Better.Lower, null, "./start on a built tree with an empty data folder, to ready", PortalStarts.ColdAsync),
        new("start-warm", "s", Better.Lower, 5, "./start with a data folder that exists, to ready", PortalStarts.WarmAsync),
        new("first-page", "s", Better.Lower, 1.5, "first page of a server just started, from navigation to live in Chromium", PortalStarts.FirstPageAsync),
        new("page-html", "ms", Better.Lower, null, "the same page from a warm server, as HTML", PortalStarts.HtmlAsync),
    ];

    public static Benchmark? Find(string name) => All.FirstOrDefault(b => b.Name == name);
}
