using System.Runtime.CompilerServices;
using System.Text;
using Jint.Native;
using Jint.Parser;
using Jint.Runtime;
using SecFlow.PluginHost.Context;
using SecFlow.PluginHost.Conversation;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// One start from its source to its <c>done</c>: load, then initialize -> execute -> cleanup, or parse, or nothing more for a bare script.
/// cleanup always follows once initialize began, also after a failure; the first failure is the one that is reported.
/// </summary>
public sealed class ScriptSession
{
    /// <summary>Longest message and value in a <c>done</c>, bytes.</summary>
    private const int TextBytes = 4096;

    private const string WarmUpStart =
        """{"type":"start","source":"","fileName":"warm-up.js","entry":"Execute","config":{"a":1},"run":{"id":""},"targets":[{"id":"","url":""}],"inputs":{"urls":1},"limits":{"callbackMilliseconds":10000,"statements":100000,"recursion":100,"sourceBytes":65536,"nestingDepth":64,"jsonDepth":64,"recordBytes":65536,"logLineBytes":4096},"credit":10}""";

    private const string WarmUpSource = """
        'use strict';
        module.exports = {
          execute: function (ctx) {
            var o = { a: [1, 'x', null] }, s = '', k;
            for (k in o) { s += k; }
            try { throw new Error(s); } catch (e) { s = e.message; }
            s = JSON.stringify([JSON.parse('{"a":[1,true]}'), o, s.replace(/a/g, 'b'), [2, 1].sort(), new Map()]);
            ctx.parse.jsonLines('{"a":1}\n', function (r) { s += r.a; });
            ctx.log.info(s, ctx.config.a, ctx.targets[0].url);
            ctx.progress(1, s);
            ctx.verdict('completed', '', { target: ctx.targets[0], checks: ['a'] });
          }
        };
        """;

    private readonly EngineLink _link;
    private readonly StartMessage _start;
    private readonly PreparedRealm _prepared;
    private readonly HostOptions _options;
    private readonly Outbox _outbox;
    private readonly TimeSpan _cpuAtStart = Environment.CpuUsage.TotalTime;
    private WorkClock? _clock;
    private volatile string _phase = "load";

    public ScriptSession(EngineLink link, StartMessage start, PreparedRealm prepared, HostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _link = link;
        _start = start;
        _prepared = prepared;
        _options = options;
        _outbox = new Outbox(link, options.Clock);
    }

    /// <summary>Compiles what every plugin needs, while there is nothing else to do: a whole work of a plugin of our own, whose words go nowhere.</summary>
    public static void WarmUp(HostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var frame = new MemoryStream();
        Frames.WriteBody(frame, Encoding.UTF8.GetBytes(WarmUpStart));
        frame.Position = 0;
        var start = (StartMessage)Frames.ReadEngineMessage(frame)!;
        new ScriptSession(new EngineLink(frame, Stream.Null, _ => { }), start with { Source = WarmUpSource }, new PreparedRealm(), options).Run();
    }

    /// <summary>Works until done. Throws only <see cref="EngineGoneException"/>.</summary>
    public DoneMessage Run()
    {
        var limit = TimeSpan.FromMilliseconds(_start.Limits.CallbackMilliseconds);
        using var clock = new WorkClock(_link, limit, _options.Clock, _outbox.FlushIfOld, Overrun);
        _clock = clock;
        Failure? failure;
        string? value = null;
        try
        {
            failure = Work(clock, out value);
            clock.End();
            _outbox.Flush();
        }
        catch (Exception e) when (ScriptLimits.Of(e) == ScriptLimits.Memory)
        {
            failure = new Failure(HostOutcome.Limit, ScriptLimits.Memory, "The plugin used all memory that it may use.", null, _phase);
        }

        return Done(failure, value);
    }

    // A method of its own, so that after an overflowing heap nothing of the interpreter is reachable any more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Failure? Work(WorkClock clock, out string? value)
    {
        value = null;
        clock.Begin();
        var realm = _prepared.Take();
        realm.Limit(_start.Limits);
        var steps = new Steps(realm, clock, _outbox);
        var module = new PluginModule(realm, new PluginContext(steps, _link, _start), _start);
        var failure = Try(realm, clock, "load", module.Load);
        if (failure is null && (module.HasExecute || _start.Entry != PluginEntry.Script))
        {
            failure = _start.Entry == PluginEntry.Parse ? Parse(realm, clock, module) : Execute(realm, clock, module);
        }
        else if (failure is null)
        {
            string? text = null;
            failure = Try(realm, clock, "load", () => text = module.CompletionText(TextBytes));
            value = text;
        }

        return failure;
    }

    private Failure? Parse(ScriptRealm realm, WorkClock clock, PluginModule module) =>
        module.HasParse ? Try(realm, clock, "parse", module.Parse) : Missing("parse");

    private Failure? Execute(ScriptRealm realm, WorkClock clock, PluginModule module)
    {
        if (!module.HasExecute)
        {
            return Missing("execute");
        }

        var failure = Try(realm, clock, "initialize", () => module.Call("initialize"))
            ?? Try(realm, clock, "execute", () => module.Call("execute"));
        return failure?.Limit == ScriptLimits.Memory ? failure : First(failure, Try(realm, clock, "cleanup", () => module.Call("cleanup")));
    }

    private static Failure? First(Failure? a, Failure? b) => a ?? b;

    private static Failure Missing(string entry) =>
        new(HostOutcome.MissingEntry, null, $"The plugin has no function module.exports.{entry}.", null, "load");

    private Failure? Try(ScriptRealm realm, WorkClock clock, string phase, Action work)
    {
        _phase = phase;
        try
        {
            realm.Restart();
            clock.Begin();
            work();
            return null;
        }
        catch (Exception e) when (e is not EngineGoneException && ScriptLimits.Of(e) != ScriptLimits.Memory)
        {
            // Describing the error may run script (a getter, toString): inside the limits again.
            realm.Engine.ResetCallStack();
            realm.Restart();
            clock.Begin();
            return Failure.Of(e, realm, _start, phase, TextBytes);
        }
        finally
        {
            clock.End();
        }
    }

    // From the clock's thread, while the script thread is lost in a native call.
    private void Overrun()
    {
        var failure = new Failure(
            HostOutcome.Limit,
            ScriptLimits.Time,
            $"One call took longer than {_start.Limits.CallbackMilliseconds} ms and could not be interrupted.",
            null,
            _phase);
        _link.Finish(Done(failure, null));
        _options.Exit(HostExitCodes.TimeLimit);
    }

    private DoneMessage Done(Failure? failure, string? value) => new(
        failure?.Outcome ?? HostOutcome.Completed,
        failure?.Limit,
        failure?.Message,
        failure?.Location,
        failure?.Phase,
        Math.Max(_clock?.PeakBytes ?? 0, GC.GetTotalMemory(false)),
        (long)(Environment.CpuUsage.TotalTime - _cpuAtStart).TotalMilliseconds,
        value);
}
