using System.Text.Json.Nodes;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Conversation;

/// <summary>The engine closed its side or broke the protocol: there is nobody to work for. Never visible to script.</summary>
public sealed class EngineGoneException() : Exception("The engine is gone.");

/// <summary>The engine refused or failed a call; becomes a script exception.</summary>
public sealed class CallFailedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

/// <summary>
/// Both directions of the conversation with the engine. Frames leave from any thread, one at a time; one thread reads them all.
/// When the engine goes away in the middle of work, the process ends at once: script must not run unobserved.
/// </summary>
public sealed class EngineLink(Stream input, Stream output, Action<int> exit)
{
    private readonly Lock _writing = new();
    private readonly object _state = new();
    private readonly Queue<StartMessage> _starts = new();
    private ResultMessage? _result;
    private int _waitingFor = -1;
    private int _lastCall;
    private int _credit;
    private bool _closed;
    private bool _working;
    private volatile bool _cancelled;
    private volatile bool _broken;

    /// <summary>The engine sent something that is not this protocol.</summary>
    public bool Broken => _broken;

    /// <summary>The run is being cancelled.</summary>
    public bool Cancelled => _cancelled;

    public void StartReading() => new Thread(ReadAll, 512 * 1024) { IsBackground = true, Name = "reader" }.Start();

    /// <summary>Whether there is something to do, or nobody to do it for, before that time is over.</summary>
    public bool HasStartWithin(TimeSpan time)
    {
        lock (_state)
        {
            return _starts.Count > 0 || _closed || (Monitor.Wait(_state, time) && (_starts.Count > 0 || _closed));
        }
    }

    /// <summary>Waits for the next start; null when the engine has closed its side.</summary>
    public StartMessage? NextStart()
    {
        lock (_state)
        {
            while (_starts.Count == 0)
            {
                if (_closed)
                {
                    return null;
                }

                Monitor.Wait(_state);
            }

            var start = _starts.Dequeue();
            _credit = start.Credit;
            _cancelled = false;
            _working = true;
            return start;
        }
    }

    /// <summary>Ends the work: from here on the engine may send the next start.</summary>
    public void Finish(DoneMessage done)
    {
        lock (_state)
        {
            _working = false;
        }

        Send(done);
    }

    public void Send(HostMessage message)
    {
        lock (_writing)
        {
            Write(() => Frames.Write(output, message));
        }
    }

    /// <summary>Sends a frame whose JSON is already written.</summary>
    public void Send(ReadOnlySpan<byte> body)
    {
        lock (_writing)
        {
            try
            {
                Frames.WriteBody(output, body);
            }
            catch (IOException)
            {
                throw new EngineGoneException();
            }
        }
    }

    /// <summary>Asks the engine and waits for its answer.</summary>
    public JsonNode? Call(string method, JsonNode? arguments)
    {
        var id = ++_lastCall;
        lock (_state)
        {
            _waitingFor = id;
            _result = null;
        }

        Send(new CallMessage(id, method, arguments));
        lock (_state)
        {
            while (_result is null)
            {
                ThrowIfClosed();
                Monitor.Wait(_state);
            }

            _waitingFor = -1;
            return _result.Error is { } error ? throw new CallFailedException(error.Code, error.Message) : _result.Value;
        }
    }

    /// <summary>Takes one credit if there is one.</summary>
    public bool TryTakeCredit()
    {
        lock (_state)
        {
            if (_credit <= 0)
            {
                return false;
            }

            _credit--;
            return true;
        }
    }

    /// <summary>Waits until the engine has granted credit.</summary>
    public void WaitForCredit()
    {
        lock (_state)
        {
            while (_credit <= 0)
            {
                ThrowIfClosed();
                Monitor.Wait(_state);
            }
        }
    }

    private static void Write(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            throw new EngineGoneException();
        }
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw new EngineGoneException();
        }
    }

    private void ReadAll()
    {
        try
        {
            while (Frames.ReadEngineMessage(input) is { } message)
            {
                Accept(message);
            }
        }
        catch (ProtocolException e)
        {
            _broken = true;
            Console.Error.WriteLine("The engine broke the protocol: " + e.Message);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe is gone: the same as its end.
        }

        bool working;
        lock (_state)
        {
            _closed = true;
            working = _working;
            Monitor.PulseAll(_state);
        }

        if (working)
        {
            exit(_broken ? HostExitCodes.Protocol : HostExitCodes.Normal);
        }
    }

    private void Accept(EngineMessage message)
    {
        lock (_state)
        {
            switch (message)
            {
                case StartMessage start when !_working && _starts.Count == 0:
                    _starts.Enqueue(start);
                    break;
                case StartMessage:
                    throw new ProtocolException("A second start before the first is done.");
                case ResultMessage result when result.Id == _waitingFor && _result is null:
                    _result = result;
                    break;
                case ResultMessage result:
                    throw new ProtocolException($"A result for call {result.Id}, which was not asked.");
                case CreditMessage { Records: >= 0 } credit:
                    _credit = (int)Math.Min(int.MaxValue, (long)_credit + credit.Records);
                    break;
                case CancelMessage:
                    _cancelled = true;
                    break;
                default:
                    throw new ProtocolException("A message that makes no sense here: " + message.GetType().Name);
            }

            Monitor.PulseAll(_state);
        }
    }
}
