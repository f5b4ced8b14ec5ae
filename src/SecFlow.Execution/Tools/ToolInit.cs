using System.Globalization;
using System.Text;

namespace SecFlow.Execution.Tools;

/// <summary>
/// Process 1 of a tool's sandbox: a constant script for the system's own shell.
/// 1. The tool's arguments are positional parameters; no word of them is ever read as script.
/// 2. It hands SIGINT on to every process, and kills them all on SIGTERM; it reaps what is left behind, and kills it when the tool has ended.
/// 3. It then reports by a socket that the tool does not have: <c>exit CODE</c>, <c>full</c> when nothing more can be written, each file asked for as
///    <c>file NAME SIZE</c> and its bytes (<c>link NAME</c> and <c>other NAME</c> for what is no regular file), and <c>end</c>.
/// 4. It runs with the tool's rights. What it says is as trustworthy as the tool: it is read as hostile input, bounded.
/// </summary>
internal static class ToolInit
{
    public const string Shell = "/bin/sh";

    // env: a shell lets its background processes ignore SIGINT, and the tool shall get it.
    private const string Script = """
        cpu=$1 most=$2 files=$4
        exec 4<&0 </dev/null
        [ "$3" = 1 ] || exec 4</dev/null
        shift 4
        reset=
        env --default-signal=INT,QUIT true 2>/dev/null && reset="env --default-signal=INT,QUIT"
        again=1
        trap 'again=1; kill -INT -1 2>/dev/null' INT
        trap 'again=1; kill -KILL -1 2>/dev/null' TERM
        (ulimit -S -t "$cpu"; exec $reset "$@") <&4 4<&- 7>&- &
        pid=$!
        exec 4<&-
        code=
        while [ -n "$again" ]; do
          again=
          wait "$pid"
          status=$?
          if [ "$status" != 127 ] || [ -z "$code" ]; then code=$status; fi
        done
        trap '' INT TERM
        kill -KILL -1 2>/dev/null
        exec >&7 7>&- 2>/dev/null
        echo "exit $code"
        for place in /out /tmp; do
          (printf x > "$place/.full") 2>/dev/null || echo full
        done
        for file in $files; do
          path=/out/$file
          if [ -L "$path" ]; then
            echo "link $file"
          elif [ -f "$path" ]; then
            size=$(stat -c %s "$path")
            echo "file $file $size"
            [ "$size" -le "$most" ] || size=$most
            head -c "$size" "$path"
            most=$((most - size))
          elif [ -e "$path" ]; then
            echo "other $file"
          fi
        done
        echo end
        """;

    /// <summary>Arguments of <see cref="Shell"/>; <paramref name="program"/> is the tool's path inside.</summary>
    public static IReadOnlyList<string> Arguments(ToolRequest request, string program) =>
    [
        "-c", Script, "tool",
        request.Limits.CpuSeconds.ToString(CultureInfo.InvariantCulture),
        request.Limits.OutputBytes.ToString(CultureInfo.InvariantCulture),
        request.Stdin is null ? "0" : "1",
        string.Join(' ', request.Files),
        program, .. request.Arguments,
    ];
}

/// <summary>What the sandbox's process 1 said. Nothing of it is believed beyond its own tool.</summary>
internal sealed record ToolReport(int? ExitCode, bool Full, IReadOnlyDictionary<string, FileStream> Files, bool Truncated)
{
    private const int LongestLine = 400;

    /// <summary>Reads until <c>end</c> or the end of the stream, at most <paramref name="most"/> bytes of files. What has not the form is the end.</summary>
    public static async Task<ToolReport> ReadAsync(Stream stream, IReadOnlyList<string> asked, long most, Action exited, CancellationToken ct)
    {
        int? code = null;
        bool full = false, truncated = false;
        var files = new Dictionary<string, FileStream>(StringComparer.Ordinal);
        var reader = new ReportReader(stream);
        try
        {
            while (await reader.LineAsync(LongestLine, ct) is { } line && line != "end")
            {
                var words = line.Split(' ');
                switch (words)
                {
                    case ["exit", var number] when code is null && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 255:
                        code = value;
                        exited();
                        break;
                    case ["full"]:
                        full = true;
                        break;
                    case ["file", var name, var number] when asked.Contains(name, StringComparer.Ordinal) && !files.ContainsKey(name)
                        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var size):
                        var kept = Math.Min(size, most);
                        files[name] = ToolSpool.NewFile();
                        truncated |= await reader.CopyAsync(files[name], kept, ct) < kept || kept < size;
                        most -= kept;
                        files[name].Position = 0;
                        break;
                    case ["link" or "other", _]:
                        break;
                    default:
                        return new ToolReport(code, full, files, true);
                }
            }

            return new ToolReport(code, full, files, truncated);
        }
        catch (IOException)
        {
            // Killed in the middle of it: what came until then is what there is.
            return new ToolReport(code, full, files, files.Count > 0);
        }
        catch
        {
            foreach (var file in files.Values)
            {
                await file.DisposeAsync();
            }

            throw;
        }
    }

    private sealed class ReportReader(Stream stream)
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private int _at;
        private int _end;

        /// <summary>The next line without its end; null at the end of the stream or when it is too long.</summary>
        public async Task<string?> LineAsync(int longest, CancellationToken ct)
        {
            var line = new List<byte>();
            while (line.Count <= longest)
            {
                if (_at == _end && !await FillAsync(ct))
                {
                    return null;
                }

                var b = _buffer[_at++];
                if (b == '\n')
                {
                    return Encoding.UTF8.GetString([.. line]);
                }

                line.Add(b);
            }

            return null;
        }

        /// <summary>Copies so many bytes; returns how many there were.</summary>
        public async Task<long> CopyAsync(Stream to, long bytes, CancellationToken ct)
        {
            long done = 0;
            while (done < bytes && (_at < _end || await FillAsync(ct)))
            {
                var piece = (int)Math.Min(_end - _at, bytes - done);
                await to.WriteAsync(_buffer.AsMemory(_at, piece), ct);
                _at += piece;
                done += piece;
            }

            return done;
        }

        private async Task<bool> FillAsync(CancellationToken ct)
        {
            _at = 0;
            _end = await stream.ReadAsync(_buffer, ct);
            return _end > 0;
        }
    }
}
