using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Workflows;

/// <summary>
/// The language of <c>when</c>: small, total, type-checked when the recipe is read; it has no loop, no call and no way to fail at run time.
/// <code>
///   outputs.urls.count > 0 and not (parameters.fast == true or parameters.mode == "quick")
/// </code>
/// Values: numbers, texts in quotes, true, false, <c>outputs.NAME.count</c> (number), <c>parameters.NAME</c> (type of the parameter).
/// Operators: <c>== != &lt; &lt;= &gt; &gt;=</c>, <c>not</c>, <c>and</c>, <c>or</c>, brackets; order is for numbers only.
/// A parameter without a value is 0, "" or false; the output of a node that did not run has count 0.
/// </summary>
public sealed class Condition
{
    public const int MaxLength = 1000;

    private const int MaxDepth = 50;

    private readonly Func<Facts, object> _root;

    private Condition(Func<Facts, object> root, IReadOnlySet<string> outputs) => (_root, Outputs) = (root, outputs);

    /// <summary>Names of the datasets that it looks at.</summary>
    public IReadOnlySet<string> Outputs { get; }

    /// <summary>What is known when a node is about to start.</summary>
    public sealed record Facts(IReadOnlyDictionary<string, int> Counts, JsonObject Parameters);

    public bool Holds(Facts facts) => (bool)_root(facts);

    /// <summary>Parses and type-checks. Throws SF1013 with position (1-based column in the text) and what was expected.</summary>
    public static Condition Parse(string text, IReadOnlyList<RecipeParameter> parameters)
    {
        if (text.Length > MaxLength)
        {
            throw Wrong(1, $"the condition has {text.Length} characters, at most {MaxLength} are allowed");
        }

        var parser = new Parser(text, parameters);
        var root = parser.Whole();
        return new Condition(root, parser.Outputs);
    }

    private static SecFlowException Wrong(int column, string what) =>
        new(new Diagnostic(Codes.RecipeCondition, $"The condition cannot be read at character {column}: {what}.") { Column = column });

    private enum Kind
    {
        Number,
        Text,
        Truth,
    }

    private sealed record Term(Kind Kind, Func<Facts, object> Value);

    private readonly record struct Token(string Text, char Class, int Column);

    private sealed class Parser(string text, IReadOnlyList<RecipeParameter> parameters)
    {
        private readonly List<Token> _tokens = Tokens(text);
        private int _next;
        private int _depth;

        public HashSet<string> Outputs { get; } = new(StringComparer.Ordinal);

        public Func<Facts, object> Whole()
        {
            var start = Peek;
            var term = Or();
            if (Peek.Class != 'e')
            {
                throw Wrong(Peek.Column, $"'{Peek.Text}' is not expected here; join parts with 'and' or 'or'");
            }

            return Need(term, Kind.Truth, start).Value;
        }

        private Token Peek => _tokens[_next];

        private bool Take(string word)
        {
            var hit = Peek.Class is 'w' or 'o' && Peek.Text == word;
            _next += hit ? 1 : 0;
            return hit;
        }

        private Term Or()
        {
            var start = Peek;
            var left = And();
            while (Take("or"))
            {
                var at = Peek;
                var (a, b) = (Need(left, Kind.Truth, start).Value, Need(And(), Kind.Truth, at).Value);
                left = new Term(Kind.Truth, f => (bool)a(f) || (bool)b(f));
            }

            return left;
        }

        private Term And()
        {
            var start = Peek;
            var left = Not();
            while (Take("and"))
            {
                var at = Peek;
                var (a, b) = (Need(left, Kind.Truth, start).Value, Need(Not(), Kind.Truth, at).Value);
                left = new Term(Kind.Truth, f => (bool)a(f) && (bool)b(f));
            }

            return left;
        }

        private Term Not()
        {
            if (!Take("not"))
            {
                return Compare();
            }

            Deeper();
            var at = Peek;
            var inner = Need(Not(), Kind.Truth, at).Value;
            _depth--;
            return new Term(Kind.Truth, f => !(bool)inner(f));
        }

        private Term Compare()
        {
            var left = Value();
            var op = Peek;
            if (op.Class != 'o' || op.Text is "(" or ")")
            {
                return left;
            }

            _next++;
            var right = Value();
            if (left.Kind != right.Kind)
            {
                throw Wrong(op.Column, $"'{op.Text}' compares {Name(left.Kind)} with {Name(right.Kind)}");
            }

            if (op.Text is not ("==" or "!=") && left.Kind != Kind.Number)
            {
                throw Wrong(op.Column, $"'{op.Text}' is for numbers; {Name(left.Kind)} can be compared with == and !=");
            }

            var (a, b) = (left.Value, right.Value);
            Func<Facts, object> value = op.Text switch
            {
                "==" => f => a(f).Equals(b(f)),
                "!=" => f => !a(f).Equals(b(f)),
                "<" => f => (double)a(f) < (double)b(f),
                "<=" => f => (double)a(f) <= (double)b(f),
                ">" => f => (double)a(f) > (double)b(f),
                _ => f => (double)a(f) >= (double)b(f),
            };
            return new Term(Kind.Truth, value);
        }

        private Term Value()
        {
            var token = Peek;
            _next += token.Class == 'e' ? 0 : 1;
            switch (token.Class)
            {
                case 'n':
                    var number = double.Parse(token.Text, CultureInfo.InvariantCulture);
                    return new Term(Kind.Number, _ => number);
                case 's':
                    return new Term(Kind.Text, _ => token.Text);
                case 'o' when token.Text == "(":
                    Deeper();
                    var inner = Or();
                    _depth--;
                    return Take(")") ? inner : throw Wrong(Peek.Column, "a ')' is missing");
                case 'w' when token.Text is "true" or "false":
                    return new Term(Kind.Truth, _ => token.Text == "true");
                case 'w':
                    return Path(token);
                default:
                    throw Wrong(token.Column, token.Class == 'e' ? "a value is missing at the end" : $"a value is expected, found '{token.Text}'");
            }
        }

        private Term Path(Token token)
        {
            var path = token.Text;
            if (path.StartsWith("outputs.", StringComparison.Ordinal) && path.EndsWith(".count", StringComparison.Ordinal) && path.Length > "outputs..count".Length)
            {
                var name = path["outputs.".Length..^".count".Length];
                Outputs.Add(name);
                return new Term(Kind.Number, f => (double)f.Counts.GetValueOrDefault(name));
            }

            if (path.StartsWith("parameters.", StringComparison.Ordinal))
            {
                var name = path["parameters.".Length..];
                var parameter = parameters.FirstOrDefault(p => p.Name == name)
                    ?? throw Wrong(token.Column, $"there is no parameter '{name}'.{Spelling.Hint(name, parameters.Select(p => p.Name))}".TrimEnd('.'));
                return parameter.Type switch
                {
                    "integer" or "number" => new Term(Kind.Number, f => f.Parameters[name] is { } v && v.GetValueKind() == JsonValueKind.Number ? double.Parse(v.ToJsonString(), CultureInfo.InvariantCulture) : 0d),
                    "boolean" => new Term(Kind.Truth, f => f.Parameters[name]?.GetValueKind() == JsonValueKind.True),
                    _ => new Term(Kind.Text, f => f.Parameters[name] is { } v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : ""),
                };
            }

            throw Wrong(token.Column, $"'{path}' is not known; use outputs.NAME.count or parameters.NAME, and quotes for texts");
        }

        private void Deeper()
        {
            if (++_depth > MaxDepth)
            {
                throw Wrong(Peek.Column, $"it is nested deeper than {MaxDepth} levels");
            }
        }

        private static Term Need(Term term, Kind kind, Token at) =>
            term.Kind == kind ? term : throw Wrong(at.Column, $"a condition (true or false) is needed, found {Name(term.Kind)}");

        private static string Name(Kind kind) => kind switch { Kind.Number => "a number", Kind.Text => "a text", _ => "a condition" };

        private static List<Token> Tokens(string text)
        {
            var tokens = new List<Token>();
            for (var i = 0; i < text.Length;)
            {
                var (c, start) = (text[i], i);
                if (char.IsWhiteSpace(c))
                {
                    i++;
                }
                else if (c is '"' or '\'')
                {
                    var end = text.IndexOf(c, i + 1);
                    i = end < 0 ? throw Wrong(start + 1, "the text in quotes does not end") : end + 1;
                    tokens.Add(new(text[(start + 1)..end], 's', start + 1));
                }
                else if (char.IsAsciiDigit(c) || (c == '-' && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1])))
                {
                    for (i++; i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.');)
                    {
                        i++;
                    }

                    var number = text[start..i];
                    tokens.Add(double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? new(number, 'n', start + 1) : throw Wrong(start + 1, $"'{number}' is not a number"));
                }
                else if (char.IsAsciiLetter(c))
                {
                    for (i++; i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] is '.' or '_' or '-');)
                    {
                        i++;
                    }

                    tokens.Add(new(text[start..i], 'w', start + 1));
                }
                else
                {
                    var pair = i + 1 < text.Length ? text.Substring(i, 2) : "";
                    var op = pair is "==" or "!=" or "<=" or ">=" ? pair : c is '<' or '>' or '(' or ')' ? c.ToString() : throw Wrong(start + 1, $"the character '{c}' is not part of the language");
                    i += op.Length;
                    tokens.Add(new(op, 'o', start + 1));
                }
            }

            tokens.Add(new("the end", 'e', text.Length + 1));
            return tokens;
        }
    }
}
