using Jint.Native;
using Jint.Native.Object;
using Jint.Parser;
using Jint.Runtime;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Scripting;

/// <summary>How a phase failed, in the words of <see cref="DoneMessage"/>.</summary>
public sealed record Failure(HostOutcome Outcome, string? Limit, string? Message, string? Location, string Phase)
{
    /// <summary>Describes an exception; may run script of the thrown value, so the caller has just restarted the limits.</summary>
    public static Failure Of(Exception e, ScriptRealm realm, StartMessage start, string phase, int maxBytes)
    {
        ArgumentNullException.ThrowIfNull(realm);
        ArgumentNullException.ThrowIfNull(start);
        if (ScriptLimits.Of(e) is { } limit)
        {
            return new Failure(HostOutcome.Limit, limit, Words(limit, e, start.Limits), LastPlace(realm, start), phase);
        }

        switch (e)
        {
            case ParserException parse:
                return new Failure(HostOutcome.SyntaxError, null, ScriptText.Bounded(parse.Description ?? parse.Message, maxBytes), $"{start.FileName}:{parse.LineNumber}:{parse.Column}", phase);
            case JavaScriptException script:
                return OfScript(script, realm, start, phase, maxBytes);
            case ArgumentException or ArithmeticException or FormatException or IndexOutOfRangeException or InvalidOperationException:
                // The interpreter's words for what a constructor or an operator was given: the script asked for it, and could not catch it.
                return new Failure(HostOutcome.ScriptError, null, ScriptText.Bounded("The interpreter cannot do this: " + Asked(e), maxBytes), LastPlace(realm, start), phase);
            default:
                return new Failure(
                    HostOutcome.InterpreterError,
                    null,
                    ScriptText.Bounded($"The interpreter failed ({e.GetType().Name}): {e.Message}", maxBytes),
                    LastPlace(realm, start),
                    phase);
        }
    }

    private static Failure OfScript(JavaScriptException e, ScriptRealm realm, StartMessage start, string phase, int maxBytes)
    {
        var place = e.Location is { } at ? Place(start, at) : LastPlace(realm, start);
        string message;
        try
        {
            if (e.Error.IsObject() && CodeOf(e.Error.AsObject()) is ScriptLimits.Record or ScriptLimits.Nesting)
            {
                var code = CodeOf(e.Error.AsObject())!;
                return new Failure(HostOutcome.Limit, code, ScriptText.Bounded(Describe(e.Error), maxBytes), place, phase);
            }

            message = Describe(e.Error);
            if (message.Contains(nameof(OutOfMemoryException), StringComparison.Ordinal))
            {
                // The interpreter makes a SyntaxError of whatever the compiler of an expression throws.
                return new Failure(HostOutcome.Limit, ScriptLimits.Memory, "The plugin used all memory that it may use.", place, phase);
            }
        }
        catch (Exception inner) when (inner is not OutOfMemoryException)
        {
            message = "A value was thrown that cannot be shown: " + (ScriptLimits.Of(inner) is { } limit ? "limit " + limit : inner.GetType().Name);
        }

        return new Failure(HostOutcome.ScriptError, null, ScriptText.Bounded(WithLine(message, e.LineNumber, start), maxBytes), place, phase);
    }

    private static string Asked(Exception e) => e.StackTrace?.Contains(nameof(JavaScriptException), StringComparison.Ordinal) == true
        ? "a value was thrown whose message is not a text. Throw an Error."
        : e.Message;

    // A data property only: an accessor named code must not decide.
    private static string? CodeOf(ObjectInstance error) =>
        error.GetOwnProperty("code").Value is { } value && value.IsString() ? value.AsString() : null;

    private static string Describe(JsValue error)
    {
        if (!error.IsObject())
        {
            return TypeConverter.ToString(error);
        }

        var instance = error.AsObject();
        var name = instance.Get("name");
        var message = instance.Get("message");
        if (name.IsUndefined() && (message.IsUndefined() || (message.IsString() && message.AsString().Length == 0)))
        {
            return TypeConverter.ToString(error);
        }

        var words = message.IsUndefined() ? "" : TypeConverter.ToString(message);
        var code = CodeOf(instance) is { Length: < 40 } c ? $" [{c}]" : "";
        return (name.IsUndefined() ? "Error" : TypeConverter.ToString(name)) + (words.Length > 0 ? ": " + words : "") + code;
    }

    // The interpreter gives no message for "x is not a function" and the like: the line says what it was about.
    private static string WithLine(string message, int line, StartMessage start)
    {
        if (message.Contains(':', StringComparison.Ordinal) || line < 1 || message.Length > 40)
        {
            return message;
        }

        var text = start.Source.Split('\n').Skip(line - 1).FirstOrDefault()?.Trim();
        return string.IsNullOrEmpty(text) ? message : $"{message} in: {(text.Length > 160 ? text[..160] : text)}";
    }

    private static string? LastPlace(ScriptRealm realm, StartMessage start) =>
        realm.Engine.GetLastSyntaxNode()?.Location is { } at && !string.Equals(at.Source, "prelude.js", StringComparison.Ordinal) ? Place(start, at) : null;

    private static string Place(StartMessage start, Location at) => $"{at.Source ?? start.FileName}:{at.Start.Line}:{at.Start.Column + 1}";

    private static string Words(string limit, Exception e, HostLimits limits) => limit switch
    {
        ScriptLimits.Statements => $"More than {limits.Statements} statements in one callback.",
        ScriptLimits.Time => $"One callback took longer than {limits.CallbackMilliseconds} ms.",
        ScriptLimits.Recursion => $"Script functions call each other deeper than {limits.Recursion}.",
        _ => e.Message,
    };
}
