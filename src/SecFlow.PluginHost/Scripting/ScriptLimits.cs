using System.Text.RegularExpressions;
using Jint.Parser;
using Jint.Runtime;
using SecFlow.PluginHost.Conversation;

namespace SecFlow.PluginHost.Scripting;

/// <summary>A limit was reached. Script cannot catch it: only <see cref="JavaScriptException"/> is visible to script.</summary>
public sealed class ScriptLimitException(string limit, string message) : Exception(message)
{
    public string Limit { get; } = limit;
}

/// <summary>Data of a tool or a target is larger or nests deeper than a parser takes. Script may catch it; when it does not, the work ends with that limit.</summary>
public sealed class DataLimitException(string limit, string message) : Exception(message)
{
    public string Limit { get; } = limit;
}

/// <summary>Names of the limits (<c>DoneMessage.Limit</c>) and which exception means which.</summary>
public static class ScriptLimits
{
    public const string Statements = "statements";
    public const string Time = "time";
    public const string Recursion = "recursion";
    public const string Memory = "memory";
    public const string Source = "source";
    public const string Nesting = "nesting";
    public const string Record = "record";

    /// <summary>The limit that an exception stands for; null when it stands for none.</summary>
    public static string? Of(Exception e) => e switch
    {
        ScriptLimitException limit => limit.Limit,
        StatementsCountOverflowException => Statements,
        RecursionDepthOverflowException or InsufficientExecutionStackException => Recursion,
        RegexMatchTimeoutException or TimeoutException => Time,
        OutOfMemoryException => Memory,
        _ => null,
    };

    /// <summary>Exceptions that must pass through host functions untouched, so that script cannot swallow them.</summary>
    public static bool MustPass(Exception e) => e is JavaScriptException or EngineGoneException || Of(e) is not null;
}
