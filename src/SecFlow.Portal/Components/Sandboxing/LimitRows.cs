using System.Globalization;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Components.Sandboxing;

/// <summary>One limit as people read it, and the code of reaching it.</summary>
public sealed record LimitRow(string Name, string Default, string Ceiling, string Code);

/// <summary>The table of limits in words; the numbers are those of <see cref="Limits"/>.</summary>
public static class LimitRows
{
    private const long MiB = 1024 * 1024;

    public static IReadOnlyList<LimitRow> All { get; } =
    [
        Row("Node: wall time", Limits.NodeWallSeconds, Seconds, Codes.LimitWall),
        Row("Plugin: script time in one call", Limits.HostCallbackMilliseconds, ms => Seconds(ms / 1000), Codes.LimitScriptTime),
        Row("Plugin: statements in one call", Limits.HostStatements, Number, Codes.LimitStatements),
        Row("Plugin: depth of calls", Limits.HostRecursion, Number, Codes.LimitRecursion),
        Row("Plugin: processor time of a node", Limits.HostCpuSeconds, Seconds, Codes.LimitCpu),
        Row("Plugin: memory", Limits.HostHeapBytes, Bytes, Codes.LimitMemory),
        Row("Plugin: silence", Limits.HostSilentSeconds, Seconds, Codes.LimitSilent),
        Row("Plugin: script", Limits.ScriptSourceBytes, Bytes, Codes.LimitSource),
        Row("Tool: processor time", Limits.ToolCpuSeconds, Seconds, Codes.LimitCpu),
        Row("Tool: memory", Limits.ToolMemoryBytes, Bytes, Codes.LimitMemory),
        Row("Tool: processes", Limits.ToolProcesses, Number, Codes.LimitProcesses),
        Row("Tool: scratch disk", Limits.ToolScratchBytes, Bytes, Codes.LimitScratch),
        Row("Output kept", Limits.OutputBytesKept, Bytes, Codes.LimitOutput),
        Row("Findings of a node", Limits.FindingsPerNode, Number, Codes.LimitRecords),
        Row("Records of a dataset", Limits.RecordsPerDataset, Number, Codes.LimitRecords),
    ];

    private static LimitRow Row(string name, Limit limit, Func<long, string> words, string code) => new(name, words(limit.Default), words(limit.Ceiling), code);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(long value) => value < 600 ? $"{value} s" : $"{value / 3600} h";

    private static string Bytes(long value) => value >= 1024 * MiB ? $"{value / (1024 * MiB)} GiB" : value >= MiB ? $"{value / MiB} MiB" : $"{value / 1024} KiB";
}
