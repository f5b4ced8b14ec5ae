using System.Buffers;
using System.Text;
using System.Text.Json;

namespace SecFlow.PluginHost.Conversation;

/// <summary>
/// Collects emitted records into batches per port: one frame for up to <see cref="MaxRecords"/> records, <see cref="MaxBytes"/> bytes or
/// <see cref="MaxAge"/>. Records keep their order.
/// </summary>
public sealed class Outbox(EngineLink link, TimeProvider clock)
{
    public const int MaxRecords = 200;
    public const int MaxBytes = 256 * 1024;
    public static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _batch = new();
    private string? _port;
    private int _records;
    private long _first;

    /// <summary>Adds one record (JSON) to the batch of a port.</summary>
    public void Add(string port, ReadOnlySpan<byte> record)
    {
        lock (_lock)
        {
            if (_records > 0 && (!string.Equals(_port, port, StringComparison.Ordinal) || _batch.WrittenCount + record.Length > MaxBytes))
            {
                FlushLocked();
            }

            if (_records == 0)
            {
                _port = port;
                _first = clock.GetTimestamp();
                _batch.Write("{\"type\":\"emit\",\"port\":"u8);
                _batch.Write(Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(port)}\""));
                _batch.Write(",\"records\":["u8);
            }
            else
            {
                _batch.Write(","u8);
            }

            _batch.Write(record);
            if (++_records >= MaxRecords)
            {
                FlushLocked();
            }
        }
    }

    public void Flush()
    {
        lock (_lock)
        {
            FlushLocked();
        }
    }

    /// <summary>Flushes a batch that has waited long enough; from the clock's thread.</summary>
    public void FlushIfOld()
    {
        lock (_lock)
        {
            if (_records > 0 && clock.GetElapsedTime(_first) >= MaxAge)
            {
                FlushLocked();
            }
        }
    }

    private void FlushLocked()
    {
        if (_records == 0)
        {
            return;
        }

        _batch.Write("]}"u8);
        _records = 0;
        link.Send(_batch.WrittenSpan);
        _batch.ResetWrittenCount();
    }
}
