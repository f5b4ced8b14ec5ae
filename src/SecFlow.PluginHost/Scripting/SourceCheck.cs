using System.Text;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// Refuses source that would overflow the stack of the parser or of the tree walker, before it is parsed.
/// 1. Brackets nest at most <c>maxDepth</c> deep.
/// 2. One chain of operators, member accesses, calls, or statement prefixes (<c>else if</c>, <c>if (a) if (b)</c>) is at most
///    <c>maxDepth * ChainFactor</c> long; it ends at <c>;</c>, <c>,</c>, a bracket of its own level, or where a new statement begins.
/// 3. Strings, comments and regular expressions count for nothing. Where it cannot be told whether <c>/</c> divides or begins an expression,
///    a guess is made; a wrong one costs at worst the process that runs this very plugin.
/// </summary>
public sealed class SourceCheck
{
    /// <summary>A chain costs less stack per link than a bracket.</summary>
    public const int ChainFactor = 16;

    private static readonly HashSet<string> BinaryWords = new(StringComparer.Ordinal) { "in", "instanceof" };
    private static readonly HashSet<string> UnaryWords = new(StringComparer.Ordinal) { "typeof", "void", "delete", "new", "throw", "return", "case" };
    private static readonly HashSet<string> PrefixWords = new(StringComparer.Ordinal) { "if", "for", "while", "with", "do", "else" };
    private static readonly HashSet<string> HeaderWords = new(StringComparer.Ordinal) { "if", "for", "while", "with" };
    private static readonly HashSet<string> Continuations = new(StringComparer.Ordinal) { "else", "catch", "finally", "while" };

    private readonly string _source;
    private readonly int _maxDepth;
    private readonly Stack<Level> _levels = new();
    private Level _level = new('\0', false);
    private Previous _previous = Previous.Start;
    private string _word = "";
    private int _at;

    private SourceCheck(string source, int maxDepth)
    {
        _source = source;
        _maxDepth = maxDepth;
    }

    private enum Previous
    {
        Start,
        Operand,
        Word,
        Operator,
        Semicolon,
        CloseParen,
        CloseBrace,
    }

    /// <summary>Throws <see cref="ScriptLimitException"/> (source, nesting).</summary>
    public static void Check(string source, int maxBytes, int maxDepth)
    {
        ArgumentNullException.ThrowIfNull(source);
        var bytes = Encoding.UTF8.GetByteCount(source);
        if (bytes > maxBytes)
        {
            throw new ScriptLimitException(ScriptLimits.Source, $"The source has {bytes} bytes; at most {maxBytes} are allowed.");
        }

        new SourceCheck(source, maxDepth).Run();
    }

    private void Run()
    {
        while (_at < _source.Length)
        {
            var c = _source[_at];
            if (char.IsWhiteSpace(c) || SkipComment())
            {
                _at += char.IsWhiteSpace(c) ? 1 : 0;
            }
            else if (c is '"' or '\'' or '`')
            {
                Operand("");
                SkipString(c);
            }
            else if (char.IsLetterOrDigit(c) || c is '_' or '$' or '\\')
            {
                Word();
            }
            else if (c == '/' && RegexAllowed)
            {
                Operand("");
                SkipRegex();
            }
            else
            {
                Punctuator(c);
                _at++;
            }
        }
    }

    private bool RegexAllowed => _previous switch
    {
        Previous.Operand => false,
        Previous.CloseParen => _level.ClosedHeader,
        Previous.CloseBrace => _level.ClosedBlock,
        _ => true,
    };

    private bool EndsExpression => _previous is Previous.Operand or Previous.CloseParen or Previous.CloseBrace;

    private bool SkipComment()
    {
        if (_source[_at] != '/' || _at + 1 >= _source.Length || _source[_at + 1] is not ('/' or '*'))
        {
            return false;
        }

        var end = _source[_at + 1] == '/'
            ? _source.IndexOf('\n', _at)
            : _source.IndexOf("*/", _at + 2, StringComparison.Ordinal) is var e and >= 0 ? e + 2 : -1;
        _at = end < 0 ? _source.Length : end;
        return true;
    }

    private void SkipString(char quote)
    {
        for (_at++; _at < _source.Length && _source[_at] != quote; _at++)
        {
            if (_source[_at] == '\\')
            {
                _at++;
            }
            else if (_source[_at] == '\n' && quote != '`')
            {
                return;
            }
        }

        _at++;
    }

    private void SkipRegex()
    {
        var inClass = false;
        for (_at++; _at < _source.Length && _source[_at] != '\n'; _at++)
        {
            var c = _source[_at];
            if (c == '\\')
            {
                _at++;
            }
            else if (c == '/' && !inClass)
            {
                break;
            }
            else
            {
                inClass = c == '[' || (inClass && c != ']');
            }
        }

        _at++;
    }

    private void Word()
    {
        var start = _at;
        while (_at < _source.Length && (char.IsLetterOrDigit(_source[_at]) || _source[_at] is '_' or '$' or '\\'))
        {
            _at++;
        }

        _word = _source[start.._at];
        if (BinaryWords.Contains(_word))
        {
            Chain();
            _previous = Previous.Operator;
        }
        else if (UnaryWords.Contains(_word) || PrefixWords.Contains(_word))
        {
            NewStatement(_word);
            Chain();
            _previous = Previous.Word;
        }
        else
        {
            Operand(_word);
        }
    }

    private void Operand(string word)
    {
        _word = word;
        NewStatement(word);
        _previous = Previous.Operand;
    }

    /// <summary>Two operands side by side, or anything after <c>;</c>: here a new statement begins.</summary>
    private void NewStatement(string word)
    {
        if (Continuations.Contains(word))
        {
            return;
        }

        if (_previous is Previous.Semicolon or Previous.CloseBrace or Previous.Operand)
        {
            _level.Operators = 0;
            _level.Prefixes = 0;
        }
        else if (_previous == Previous.CloseParen)
        {
            _level.Prefixes += _level.Operators > 0 ? 1 : 0;
            _level.Operators = 0;
        }
    }

    private void Chain()
    {
        AfterSemicolon();
        if (PrefixWords.Contains(_word) && _previous != Previous.Operator)
        {
            _level.Prefixes++;
        }
        else
        {
            _level.Operators++;
        }

        if (_level.Operators + _level.Prefixes > _maxDepth * ChainFactor)
        {
            throw new ScriptLimitException(ScriptLimits.Nesting, $"{Where()}: an expression or a chain of statements has more than {_maxDepth * ChainFactor} links.");
        }
    }

    private void Punctuator(char c)
    {
        switch (c)
        {
            case '(' or '[' or '{':
                Open(c);
                break;
            case ')' or ']' or '}':
                Close(c);
                break;
            case ';':
                _word = "";
                _previous = Previous.Semicolon;
                break;
            case ',':
                _level.Operators = 0;
                _previous = Previous.Operator;
                break;
            default:
                // A second character of one operator (==, +=) counts again; the limit is generous enough.
                _word = "";
                Chain();
                _previous = Previous.Operator;
                break;
        }
    }

    /// <summary>An operator or a bracket right after <c>;</c> begins a statement as well.</summary>
    private void AfterSemicolon()
    {
        if (_previous == Previous.Semicolon)
        {
            NewStatement(_word);
        }
    }

    private void Open(char c)
    {
        AfterSemicolon();
        var header = c == '(' && _previous == Previous.Word && HeaderWords.Contains(_word);
        var block = c == '{' && _previous is not (Previous.Operator or Previous.Word and not Previous.Start) || (_previous == Previous.Word && _word is "do" or "else");
        if (EndsExpression && c != '{')
        {
            _word = "";
            Chain();
        }

        _levels.Push(_level);
        if (_levels.Count > _maxDepth)
        {
            throw new ScriptLimitException(ScriptLimits.Nesting, $"{Where()}: brackets nest deeper than {_maxDepth}.");
        }

        _level = new Level(c, c == '{' ? block : header);
        _previous = Previous.Start;
    }

    private void Close(char c)
    {
        var closed = _level;
        if (_levels.Count > 0)
        {
            _level = _levels.Pop();
        }

        _level.ClosedHeader = c == ')' && closed.Special;
        _level.ClosedBlock = c == '}' && closed.Special;
        _previous = c switch { ')' => Previous.CloseParen, '}' => Previous.CloseBrace, _ => Previous.Operand };
    }

    private string Where()
    {
        var line = 1 + _source.AsSpan(0, Math.Min(_at, _source.Length)).Count('\n');
        return "Line " + line;
    }

    /// <summary>One bracket level. Special: a statement header's parenthesis, or a block's brace.</summary>
    private sealed class Level(char open, bool special)
    {
        public char OpenedBy { get; } = open;

        public bool Special { get; } = special;

        public int Operators { get; set; }

        public int Prefixes { get; set; }

        public bool ClosedHeader { get; set; }

        public bool ClosedBlock { get; set; }
    }
}
