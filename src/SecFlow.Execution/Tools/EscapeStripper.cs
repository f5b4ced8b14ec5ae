namespace SecFlow.Execution.Tools;

/// <summary>
/// Takes terminal escape sequences (ECMA-48) out of bytes, piece by piece: CSI (<c>ESC [ ... final</c>), strings (OSC, DCS, SOS, PM, APC up to BEL or ST), and the short ones.
/// A string ends at the end of its line or after <see cref="LongestString"/> bytes as well: what is never closed must not swallow the rest. The 8-bit forms are left: in UTF-8 they are letters' bytes.
/// </summary>
internal sealed class EscapeStripper
{
    private const byte Escape = 0x1b;
    private const byte Bell = 0x07;
    private const int LongestSequence = 64;
    private const int LongestString = 4096;

    private State _state;
    private int _length;

    private enum State
    {
        Text,
        Escaped,
        Intermediate,
        Control,
        String,
        StringEscaped,
    }

    /// <summary>Moves what is text to the front; returns how much that is.</summary>
    public int Strip(Span<byte> bytes)
    {
        var kept = 0;
        if (_state == State.Text && bytes.IndexOf(Escape) < 0)
        {
            return bytes.Length;
        }

        foreach (var b in bytes)
        {
            if (IsText(b))
            {
                bytes[kept++] = b;
            }
        }

        return kept;
    }

    private bool IsText(byte b)
    {
        _length++;
        switch (_state)
        {
            case State.Text:
                return b != Escape || Go(State.Escaped);
            case State.Escaped when b == '[':
                return Go(State.Control);
            case State.Escaped when b is (byte)']' or (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_':
                return Go(State.String);
            case State.Escaped or State.Intermediate when b is >= 0x20 and <= 0x2f && _length < LongestSequence:
                return Go(State.Intermediate, _length);
            case State.Escaped or State.Intermediate when b is >= 0x30 and <= 0x7e:
                return Go(State.Text);
            case State.Control when b is >= 0x20 and <= 0x3f && _length < LongestSequence:
                return false;
            case State.Control when b is >= 0x40 and <= 0x7e:
                return Go(State.Text);
            case State.String when b == Bell:
                return Go(State.Text);
            case State.String when b == Escape:
                return Go(State.StringEscaped, _length);
            case State.String when b is not ((byte)'\n' or (byte)'\r') && _length < LongestString:
                return false;
            case State.StringEscaped when b == '\\':
                return Go(State.Text);
            case State.StringEscaped:
                Go(State.Escaped);
                return IsText(b);
            default:
                // Not the form of a sequence: this byte is text again (or begins another one).
                Go(State.Text);
                return b != Escape || Go(State.Escaped);
        }
    }

    private bool Go(State state, int length = 0)
    {
        (_state, _length) = (state, length);
        return false;
    }
}
